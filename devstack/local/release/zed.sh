# Zed, from Debian 12's own packages, directly on this machine.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by lib/

RELEASE_STATE_DIR=/var/lib/osev-stack
RELEASE_IP=127.0.0.1
RELEASE_SEV_LAYOUT=root                  # up to 2025.1 Nova puts MEM_ENCRYPTION_CONTEXT on the compute node's provider
RELEASE_ENTER=()                         # words before a command to run it where the release's programs are
RELEASE_KEYSTONE_APP='keystone.server.wsgi:initialize_public_application()'
RELEASE_PLACEMENT_APP='placement.wsgi:init_application()'
RABBITMQ_RELEASE_SETTINGS=

# Modules, not daemons' packages: those bring services, users and /etc files that nobody needs here.
release_install() {
    local packages=(python3-keystone python3-placement python3-nova python3-glance rabbitmq-server
        mariadb-server-core mariadb-client-core uwsgi-core uwsgi-plugin-python3 python3-pymysql iproute2)
    [ "$WITH_HEAT" = no ] || packages+=(python3-heat)
    grep -q '^VERSION_ID="12"' /etc/os-release || not_possible "Zed needs Debian 12; try --release 2026.2, which brings its own"
    install_packages "${packages[@]}"
}

# Nothing to prepare or to clean: the services run directly on this machine.
release_settings() { :; }
release_enter() { :; }
release_leave() { :; }
release_has_network_and_volumes() { die "--with-network and --with-volumes are for 2026.2" "on Zed there is a stub of Neutron, and no Cinder"; }
release_remove_chroot() { die "Zed has no chroot" "its packages are this machine's: apt-get remove"; }

release_start_nova_api() {
    service nova-api -w "$ETC/nova/api-paste.ini" -w "$FILTERS" -e PYTHONPATH="$FILTERS" -- "${LAUNCH[@]}" nova-api --config-file "$ETC/nova/nova.conf"
}

release_start_nova_metadata() {
    service nova-metadata -w "$ETC/nova/api-paste.ini" -- "${LAUNCH[@]}" nova-metadata --config-file "$ETC/nova/nova.conf"
}

release_start_glance_api() {
    service glance-api -w "$ETC/glance" -- "${LAUNCH[@]}" glance-api --config-file "$ETC/glance/glance-api.conf"
}

release_start_heat_api() {
    service heat-api -w "$ETC/heat" -- "${LAUNCH[@]}" heat-api --config-file "$ETC/heat/heat.conf"
}
