"""nova_schemas.py NOVA_CONF CELL0_URL CELL1_URL TRANSPORT_URL: all of Nova's schemas and its cells.

The same as nova-manage's api_db sync, cell_v2 map_cell0, db sync and cell_v2
create_cell, in one process: importing Nova four times takes longer than the work.
"""

import sys

from nova.cmd import manage
from nova import config
from nova.db import migration
from nova import objects

ALREADY_THERE = 2


def main(nova_conf, cell0_url, cell1_url, transport_url):
    config.parse_args(['nova-manage', '--config-file', nova_conf])
    objects.register_all()
    migration.db_sync(database='api')
    cells = manage.CellV2Commands()
    cells.map_cell0(database_connection=cell0_url)
    manage.DbCommands().sync()      # cell0, and the [database] of nova.conf, which is cell1's
    outcome = cells.create_cell(name='cell1', transport_url=transport_url, database_connection=cell1_url)
    if outcome not in (None, 0, ALREADY_THERE):
        return 'create_cell answered %s' % outcome


if __name__ == '__main__':
    sys.exit(main(*sys.argv[1:]))
