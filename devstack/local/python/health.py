"""health.py: waits until conductor, scheduler and the named computes are up, mapped and known to Placement."""

import argparse
import sys
import time

from lab_client import Session

# The last microversion that lists hypervisors without a query for each node.
PLACEMENT = {'OpenStack-API-Version': 'placement 1.20'}


def missing(session, computes, since):
    """What is not healthy yet, as a text for the operator; empty when all is."""
    nova, placement = session.endpoint('compute'), session.endpoint('placement')
    services = [s for s in session.get(nova + '/os-services')['services']
                if s['state'] == 'up' and (s['updated_at'] or '') >= since]
    up = {(s['binary'], s['host']) for s in services}
    problems = [name + ' does not report' for name in ('nova-conductor', 'nova-scheduler')
                if name not in {binary for binary, _ in up}]
    # A hypervisor is listed once its compute is mapped to the cell.
    hypervisors = session.get(nova + '/os-hypervisors/detail')['hypervisors']
    nodes = {}
    for hypervisor in hypervisors:
        nodes.setdefault(hypervisor['service']['host'], set()).add(hypervisor['hypervisor_hostname'])
    providers = {p['name'] for p in session.get(placement + '/resource_providers', **PLACEMENT)['resource_providers']}
    for compute in computes:
        if ('nova-compute', compute) not in up:
            problems.append(compute + ' does not report')
        elif not nodes.get(compute):
            problems.append(compute + ' is not mapped to a cell')
        elif not nodes[compute] <= providers:
            problems.append(compute + ' has no resource provider')
    return '; '.join(problems)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--keystone', required=True)
    parser.add_argument('--password', required=True)
    parser.add_argument('--since', default='', help='reports before this UTC time do not count')
    parser.add_argument('--seconds', type=int, default=120)
    parser.add_argument('computes', nargs='*')
    options = parser.parse_args()
    end = time.time() + options.seconds
    session, problems = None, 'nothing asked yet'
    while time.time() < end:
        try:
            session = session or Session(options.keystone, options.password)
            problems = missing(session, options.computes, options.since)
            if not problems:
                return 0
        except Exception as error:      # any service may still be starting; the last error is reported
            problems = repr(error)
        print(problems, flush=True)
        time.sleep(0.5)
    return 'after %d s: %s' % (options.seconds, problems)


if __name__ == '__main__':
    sys.exit(main())
