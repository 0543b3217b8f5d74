"""catalogue.py KEYSTONE_URL PASSWORD TYPE=NAME=URL...: projects, users, roles and endpoints.

Safe to repeat: what is there stays, an endpoint with another address is corrected.
"""

import sys
from urllib.parse import urlencode

from lab_client import Session

INTERFACES = ('public', 'internal')
SERVICE_USERS = ('nova', 'placement', 'glance', 'neutron', 'cinder')


class Catalogue:
    def __init__(self, keystone, password):
        self.keystone = keystone
        self.password = password
        self.session = Session(keystone, password)
        self.roles = {role['name']: role['id'] for role in self._get('/roles')['roles']}

    def _get(self, path):
        return self.session.get(self.keystone + path)

    def _send(self, method, path, body=None):
        return self.session.send(method, self.keystone + path, body)

    def ensure(self, kind, name, **attributes):
        """The user, project or domain (kind in the singular) of that name."""
        query = {'name': name}
        if 'domain_id' in attributes:
            query['domain_id'] = attributes['domain_id']
        found = self._get('/%ss?%s' % (kind, urlencode(query)))[kind + 's']
        return found[0] if found else self._send('POST', '/%ss' % kind, {kind: dict(attributes, name=name)})[kind]

    def ensure_role(self, name):
        if name not in self.roles:
            self.roles[name] = self._send('POST', '/roles', {'role': {'name': name}})['role']['id']

    def ensure_user(self, name, scope_kind, scope, roles, domain_id='default'):
        """A user with roles on a project or a domain (scope_kind 'projects' or 'domains')."""
        user = self.ensure('user', name, password=self.password, domain_id=domain_id)
        for role in roles:
            self._send('PUT', '/%s/%s/users/%s/roles/%s' % (scope_kind, scope['id'], user['id'], self.roles[role]))

    def ensure_endpoints(self, services):
        """services: (type, name, URL) each."""
        known = {service['type']: service['id'] for service in self._get('/services')['services']}
        endpoints = {(e['service_id'], e['interface']): e for e in self._get('/endpoints')['endpoints']}
        for service_type, name, url in services:
            service_id = known.get(service_type) or self._send(
                'POST', '/services', {'service': {'type': service_type, 'name': name}})['service']['id']
            for interface in INTERFACES:
                self._ensure_endpoint(endpoints.get((service_id, interface)), service_id, interface, url)

    def _ensure_endpoint(self, existing, service_id, interface, url):
        if existing is None:
            self._send('POST', '/endpoints', {'endpoint': {
                'service_id': service_id, 'interface': interface, 'url': url, 'region_id': 'RegionOne'}})
        elif existing['url'] != url:
            self._send('PATCH', '/endpoints/' + existing['id'], {'endpoint': {'url': url}})


def add_heat(catalogue, service_project):
    for role in ('heat_stack_owner', 'heat_stack_user'):
        catalogue.ensure_role(role)
    catalogue.ensure_user('heat', 'projects', service_project, ['admin', 'service'])
    # Heat makes users of its own in this domain, for what signals come from inside a stack.
    domain = catalogue.ensure('domain', 'heat')
    catalogue.ensure_user('heat_domain_admin', 'domains', domain, ['admin'], domain_id=domain['id'])
    for name in ('admin', 'demo'):
        project = catalogue.ensure('project', name, domain_id='default')
        catalogue.ensure_user(name, 'projects', project, ['heat_stack_owner'])


def main(keystone, password, *services):
    services = [tuple(service.split('=', 2)) for service in services]
    catalogue = Catalogue(keystone, password)
    catalogue.ensure_role('service')
    service_project = catalogue.ensure('project', 'service', domain_id='default')
    demo = catalogue.ensure('project', 'demo', domain_id='default')
    for name in set(SERVICE_USERS) & {name for _, name, _ in services}:
        catalogue.ensure_user(name, 'projects', service_project, ['admin', 'service'])
    catalogue.ensure_user('demo', 'projects', demo, ['member'])
    if any(service_type == 'orchestration' for service_type, _, _ in services):
        add_heat(catalogue, service_project)
    catalogue.ensure_endpoints(services)


if __name__ == '__main__':
    main(*sys.argv[1:])
