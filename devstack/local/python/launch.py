"""launch.py PROGRAM [ARGUMENT...]: runs one of OpenStack's programs.

Debian's python3-* packages hold the modules without the programs' scripts; the
packages with the scripts also bring system users, services and files in /etc.
"""

import importlib
import os
import sys

PROGRAMS = {
    'keystone-manage': 'keystone.cmd.manage',
    'placement-manage': 'placement.cmd.manage',
    'glance-manage': 'glance.cmd.manage',
    'glance-api': 'glance.cmd.api',
    'nova-manage': 'nova.cmd.manage',
    'nova-status': 'nova.cmd.status',
    'nova-api': 'nova.cmd.api_os_compute',
    'nova-metadata': 'nova.cmd.api_metadata',
    'nova-conductor': 'nova.cmd.conductor',
    'nova-scheduler': 'nova.cmd.scheduler',
    'nova-compute': 'nova.cmd.compute',
    'neutron-db-manage': 'neutron.db.migration.cli',
    'cinder-manage': 'cinder.cmd.manage',
    'cinder-scheduler': 'cinder.cmd.scheduler',
    'cinder-volume': 'cinder.cmd.volume',
    'heat-manage': 'heat.cmd.manage',
    'heat-engine': 'heat.cmd.engine',
    'heat-api': 'heat.cmd.api',
}


def offer_own_compute_driver():
    """Nova loads `nova.virt.<compute_driver>`: let it find the modules of this folder under that name too."""
    import nova.virt
    nova.virt.__path__.append(os.path.dirname(os.path.abspath(__file__)))


def main():
    program = sys.argv[1]
    sys.argv = [program] + sys.argv[2:]     # services call themselves after it, in logs and configuration
    # First of all imports: nova.cmd patches the standard library for eventlet when it is loaded.
    module = importlib.import_module(PROGRAMS[program])
    if program == 'nova-compute':
        offer_own_compute_driver()
    return module.main()


if __name__ == '__main__':
    sys.exit(main())
