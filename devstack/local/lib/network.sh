# Neutron: its API alone, with a mechanism driver that binds ports without an agent. No packet moves.
# shellcheck shell=bash

# What runs stays until down.sh: an up.sh without the switch does not take the networks from under the servers.
keep_network_and_volumes() {
    ! alive neutron-api || WITH_NETWORK=yes
    ! alive cinder-api || WITH_VOLUMES=yes
    [ "$WITH_NETWORK$WITH_VOLUMES" = nono ] || release_has_network_and_volumes
}

# Neutron and its stub have one address: for Nova and Heat nothing changes.
stop_other_network() { [ "$WITH_NETWORK" = no ] || stop_services 10 neutron-stub; }

# Neutron finds a driver by its entry point, hence the folder that says there is one.
configure_network() {
    NETWORK_DRIVER=$STATE_DIR/neutron/driver
    mkdir -p "$ETC/neutron" "$NETWORK_DRIVER/osev_lab-1.dist-info"
    cp "$HERE/python/lab_network.py" "$NETWORK_DRIVER/"
    printf '[neutron.ml2.mechanism_drivers]\nlab = lab_network:LabMechanismDriver\n' >"$NETWORK_DRIVER/osev_lab-1.dist-info/entry_points.txt"
    render neutron.conf "$ETC/neutron/neutron.conf"
    render neutron-api-paste.ini "$ETC/neutron/api-paste.ini"
}

neutron_schema() { inside "${LAUNCH[@]}" neutron-db-manage --config-file "$ETC/neutron/neutron.conf" upgrade heads; }

start_network() {
    uwsgi_service neutron-api "$QPORT" 1 neutron.wsgi.api:application -w "$ETC/neutron" -w "$NETWORK_DRIVER" \
        -e PYTHONPATH="$NETWORK_DRIVER" -e OS_NEUTRON_CONFIG_DIR="$ETC/neutron" -e OS_NEUTRON_CONFIG_FILES=neutron.conf
}
