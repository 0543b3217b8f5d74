"""A fake compute driver that offers memory encryption contexts as Nova's libvirt driver does.

Nova's own fake driver keeps its guests in memory and knows nothing of encryption.
This one adds what an integration with SEV needs to see: MEM_ENCRYPTION_CONTEXT
inventory and its traits in Placement, from numbers that can be changed at run time.
"""

import os

import os_resource_classes as orc
import os_traits
from oslo_config import cfg
from oslo_log import log as logging

from nova import context as nova_context
from nova.db import constants as db_const
from nova import objects
from nova.virt import fake

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

MODELS = ('sev', 'sev_es', 'sev_snp')


def read_contexts(node):
    """Numbers by model, as the node's file says now. None: the host knows no SEV."""
    name = node.removesuffix('.' + CONF.sev_fake.node_domain)
    try:
        with open(os.path.join(CONF.sev_fake.contexts_directory, name)) as file:
            lines = file.read().split()
    except FileNotFoundError:
        return None
    numbers = {}
    for line in lines:
        model, _, number = line.partition('=')
        if model in MODELS and (number.isdigit() or number == 'unlimited'):
            numbers[model] = db_const.MAX_INT if number == 'unlimited' else int(number)
        else:
            LOG.error('%s: line "%s" is not understood and ignored; write e.g. sev=15', file.name, line)
    return numbers


def inventory_of(contexts):
    """The record that Nova's libvirt driver writes (update_provider_tree)."""
    return {
        'total': contexts,
        'min_unit': 1,
        'max_unit': 1,
        'step_size': 1,
        'allocation_ratio': 1.0,
        'reserved': 0,
    }


class SevFakeDriver(fake.FakeDriver):
    # Room for 40 small servers and more; the rest is the parent's.
    vcpus = 256
    memory_mb = 1024 * 1024
    local_gb = 10 * 1024

    def init_host(self, host):
        super().init_host(host)
        self._set_nodes(self._node_names(host))
        self._recall_guests(host)

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

    def update_provider_tree(self, provider_tree, nodename, allocations=None):
        super().update_provider_tree(provider_tree, nodename, allocations=allocations)
        self._publish_on_root(provider_tree, nodename, read_contexts(nodename))

    def _publish_on_root(self, provider_tree, nodename, contexts):
        """As up to 2025.1: one number, of plain SEV. The trait tells that the host can, the inventory how often."""
        if contexts and contexts.get('sev'):
            inventory = dict(provider_tree.data(nodename).inventory)
            inventory[orc.MEM_ENCRYPTION_CONTEXT] = inventory_of(contexts['sev'])
            provider_tree.update_inventory(nodename, inventory)
        if contexts is None:
            provider_tree.remove_traits(nodename, os_traits.HW_CPU_X86_AMD_SEV)
        else:
            provider_tree.add_traits(nodename, os_traits.HW_CPU_X86_AMD_SEV)
