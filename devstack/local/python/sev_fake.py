"""A fake compute driver that offers memory encryption contexts as Nova's libvirt driver does.

Nova's own fake driver keeps its guests in memory and knows nothing of encryption.
This one adds what an integration with SEV needs to see: MEM_ENCRYPTION_CONTEXT
inventory and its traits in Placement, from numbers that can be changed at run time.
It runs under Zed and under 2026.2.
"""

import os
import threading
import time
import uuid

import os_resource_classes as orc
import os_traits
from oslo_config import cfg
from oslo_log import log as logging

from nova import context as nova_context
from nova.db import constants as db_const
from nova import exception
from nova import objects
from nova.virt import fake

try:
    from nova.virt import node as node_identity
except ImportError:             # before 2023.1 Nova made up a new UUID for each new record
    node_identity = None

CONF = cfg.CONF
LOG = logging.getLogger(__name__)

CONF.register_opts([
    cfg.StrOpt('contexts_directory', help='Folder with a file for each node: lines "sev=15", "sev_es=5", '
               '"sev_snp=unlimited". Read at every round; no file = a host without SEV.'),
    cfg.StrOpt('layout', default='root', choices=['root', 'children'],
               help='Where the inventory goes: on the compute node (until 2025.1) or on a child for each model.'),
    cfg.StrOpt('node_domain', default='', help='Makes the hypervisor host name differ from the host: HOST.DOMAIN.'),
    cfg.IntOpt('nodes', default=1, min=1, help='More than one: this process serves HOST-n1 ... HOST-nN.'),
], group='sev_fake')

# Line in the node's file: (suffix of the child provider's name, name of the trait; os_traits of Zed knows the first).
MODELS = {
    'sev': ('amd_sev', 'HW_CPU_X86_AMD_SEV'),
    'sev_es': ('amd_sev_es', 'HW_CPU_X86_AMD_SEV_ES'),
    'sev_snp': ('amd_sev_snp', 'HW_CPU_X86_AMD_SEV_SNP'),
}


def contexts_file(node):
    return os.path.join(CONF.sev_fake.contexts_directory, node.removesuffix('.' + CONF.sev_fake.node_domain))


def read_contexts(node):
    """Numbers by model, as the node's file says now. None: the host knows no SEV."""
    try:
        with open(contexts_file(node)) as file:
            lines = file.read().split()
    except FileNotFoundError:
        return None
    numbers = {}
    for line in lines:
        model, _, number = line.partition('=')
        if model in MODELS and (number.isdecimal() or number == 'unlimited'):
            numbers[model] = db_const.MAX_INT if number == 'unlimited' else int(number)
        else:
            LOG.error('%s: "%s" is not understood and ignored; write e.g. sev=15', file.name, line)
    return numbers


def inventory_of(contexts):
    """The record that Nova's libvirt driver writes, in both layouts."""
    return {orc.MEM_ENCRYPTION_CONTEXT: {
        'total': contexts,
        'min_unit': 1,
        'max_unit': 1,
        'step_size': 1,
        'allocation_ratio': 1.0,
        'reserved': 0,
    }}


class SevFakeDriver(fake.FakeDriver):
    # Room for hundreds of small servers, in numbers that look like a host's.
    vcpus = 256
    memory_mb = 1024 * 1024
    local_gb = 10 * 1024

    def init_host(self, host):
        super().init_host(host)
        self._set_nodes(self._node_names(host))
        self._recall_guests(host)
        threading.Thread(target=self._watch_contexts, name='contexts', daemon=True).start()

    @staticmethod
    def _node_names(host):
        domain = '.' + CONF.sev_fake.node_domain if CONF.sev_fake.node_domain else ''
        if CONF.sev_fake.nodes == 1:
            return [host + domain]
        return ['%s-n%d%s' % (host, number, domain) for number in range(1, CONF.sev_fake.nodes + 1)]

    def _recall_guests(self, host):
        """A real host's guests outlive nova-compute; fake ones would be forgotten, and then stop and reboot fail."""
        for instance in objects.InstanceList.get_by_host(nova_context.get_admin_context(), host):
            self.instances[instance.uuid] = fake.FakeInstance(instance.name, instance.power_state, instance.uuid)

    # --- who the node is: Nova's fake driver would make up new UUIDs at each start

    def _node_uuid(self, nodename):
        local = node_identity.get_local_node_uuid()
        if CONF.sev_fake.nodes == 1:
            return local
        return str(uuid.uuid5(uuid.UUID(local), nodename))

    def get_nodenames_by_uuid(self, refresh=False):
        return {self._node_uuid(nodename): nodename for nodename in self.get_available_nodes()}

    def get_available_resource(self, nodename):
        resources = super().get_available_resource(nodename)
        if resources and node_identity:
            resources['uuid'] = self._node_uuid(nodename)
        return resources

    # --- what the node offers

    def _watch_contexts(self):
        """Begins a round of nova-compute when a number has changed, so that a lab need not wait for the next one."""
        seen = self._context_stamps()
        while True:
            time.sleep(0.3)
            now = self._context_stamps()
            if now == seen:
                continue
            try:
                for node in self.get_available_nodes():
                    self.virtapi._compute.rt.update_available_resource(nova_context.get_admin_context(), node)
                seen = now
            except Exception:   # somebody else wrote to Placement meanwhile: again
                LOG.exception('the round for changed contexts failed')

    def _context_stamps(self):
        stamps = []
        for node in self.get_available_nodes():
            try:
                found = os.stat(contexts_file(node))
                stamps.append((found.st_ino, found.st_mtime_ns, found.st_size))
            except FileNotFoundError:
                stamps.append(None)
        return stamps

    def update_provider_tree(self, provider_tree, nodename, allocations=None):
        contexts = read_contexts(nodename)
        if CONF.sev_fake.layout == 'children':
            # First, for it looks at what the root still has from before.
            self._publish_on_children(provider_tree, nodename, contexts or {}, allocations)
            super().update_provider_tree(provider_tree, nodename, allocations=allocations)
        else:
            super().update_provider_tree(provider_tree, nodename, allocations=allocations)
            self._publish_on_root(provider_tree, nodename, contexts)

    def _publish_on_root(self, provider_tree, nodename, contexts):
        """As up to 2025.1: one number, of plain SEV. The trait says that the host can, the inventory how often."""
        # Nova itself never goes back; the removal is for a lab that repeats the move.
        self._publish_models(provider_tree, nodename, {})
        if contexts and contexts.get('sev'):
            inventory = dict(provider_tree.data(nodename).inventory, **inventory_of(contexts['sev']))
            provider_tree.update_inventory(nodename, inventory)
        if contexts is None:
            provider_tree.remove_traits(nodename, os_traits.HW_CPU_X86_AMD_SEV)
        else:
            provider_tree.add_traits(nodename, os_traits.HW_CPU_X86_AMD_SEV)

    def _publish_on_children(self, provider_tree, nodename, contexts, allocations):
        """As since 2025.2: a child for each model that has a number, and the move from the older layout.

        Follows _update_provider_tree_for_memory_encryption of Nova's libvirt driver.
        """
        self._publish_models(provider_tree, nodename, contexts)
        root = provider_tree.data(nodename)
        if orc.MEM_ENCRYPTION_CONTEXT in root.inventory:
            if allocations is None:
                LOG.info('%s: encryption contexts move from the compute node to its child', nodename)
                raise exception.ReshapeNeeded()
            self._move_allocations(provider_tree, nodename, root.uuid, allocations)
            provider_tree.remove_traits(nodename, os_traits.HW_CPU_X86_AMD_SEV)

    @staticmethod
    def _publish_models(provider_tree, nodename, contexts):
        for model, (suffix, trait) in MODELS.items():
            child = '%s_%s' % (nodename, suffix)
            if not contexts.get(model):
                if provider_tree.exists(child):
                    provider_tree.remove(child)
                continue
            if not provider_tree.exists(child):
                provider_tree.new_child(child, nodename)
            provider_tree.update_inventory(child, inventory_of(contexts[model]))
            provider_tree.add_traits(child, os_traits.OWNER_NOVA, trait)

    @staticmethod
    def _move_allocations(provider_tree, nodename, root_uuid, allocations):
        """To the child of plain SEV: the older layout knew no other model. Edits allocations in place."""
        child = '%s_amd_sev' % nodename
        for consumer, allocation in allocations.items():
            providers = allocation['allocations']
            if orc.MEM_ENCRYPTION_CONTEXT not in providers.get(root_uuid, {}).get('resources', {}):
                continue
            if not provider_tree.exists(child):
                raise exception.ReshapeFailed(error='%s has contexts of %s, which offers none of plain SEV any more'
                                              % (consumer, nodename))
            del providers[root_uuid]['resources'][orc.MEM_ENCRYPTION_CONTEXT]
            providers[provider_tree.data(child).uuid] = {'resources': {orc.MEM_ENCRYPTION_CONTEXT: 1}}
