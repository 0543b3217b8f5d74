"""health.py: waits until Nova's and Cinder's services report, and computes are mapped and known to Placement.

A service that was killed counts as up for service_down_time, so each is named with
the time of its start, and only a report after that counts: nova-compute1@TIME.
"""

import argparse
import re
import sys
import time

from lab_client import Session

# The oldest that shows whole trees; newer ones differ in nothing that is read here.
PLACEMENT = {'OpenStack-API-Version': 'placement 1.20'}


def missing(session, wanted):
    """What is not healthy yet, as a text for the operator; empty when all is. wanted: start times by service."""
    nova, placement = session.endpoint('compute'), session.endpoint('placement')
    reported = {}
    volumes = [session.endpoint('block-storage')] if any(name.startswith('cinder-') for name in wanted) else []
    for service in [service for api in [nova] + volumes for service in session.get(api + '/os-services')['services']]:
        if service['state'] == 'up':
            reported[name_of(service)] = service['updated_at'] or ''
    nodes = {}      # by host; a hypervisor is listed once its compute is mapped to the cell
    for hypervisor in session.get(nova + '/os-hypervisors/detail')['hypervisors']:
        nodes.setdefault(hypervisor['service']['host'], set()).add(hypervisor['hypervisor_hostname'])
    providers = {p['name'] for p in session.get(placement + '/resource_providers', **PLACEMENT)['resource_providers']}
    problems = []
    for name, since in wanted.items():
        host = re.sub('^nova-', '', name)
        if reported.get(name, '') < since:
            problems.append(name + ' does not report')
        elif name.startswith('nova-compute') and not nodes.get(host):
            problems.append(name + ' is not mapped to a cell')
        elif name.startswith('nova-compute') and not nodes[host] <= providers:
            problems.append(name + ' has no resource provider')
    return '; '.join(problems)


def name_of(service):
    """As its process is called: several computes are told apart by host."""
    return 'nova-' + service['host'] if service['binary'] == 'nova-compute' else service['binary']


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--keystone', required=True)
    parser.add_argument('--password', required=True)
    parser.add_argument('--seconds', type=int, default=120)
    parser.add_argument('services', nargs='*', metavar='NAME@TIME')
    options = parser.parse_args()
    wanted = dict(service.split('@') for service in options.services)
    end = time.time() + options.seconds
    session, problems = None, 'nothing asked yet'
    while time.time() < end:
        try:
            session = session or Session(options.keystone, options.password)
            problems = missing(session, wanted)
            if not problems:
                return 0
        except Exception as error:      # any service may still be starting; the last error is reported
            problems = repr(error)
        print(problems, flush=True)
        time.sleep(0.5)
    return 'after %d s: %s' % (options.seconds, problems)


if __name__ == '__main__':
    sys.exit(main())
