# The OpenStack services in the order of their needs, and the check that they work together.
# shellcheck shell=bash

# name:port of everything that listens.
listeners() {
    echo "keystone:$KPORT placement:$PPORT nova-api:$NPORT nova-metadata:$MPORT glance-api:$GPORT rabbitmq:$RPORT epmd:$EPMD"
    if [ "$WITH_NETWORK" = yes ]; then echo "neutron-api:$QPORT"; else echo "neutron-stub:$QPORT"; fi
    [ "$WITH_VOLUMES" = no ] || echo "cinder-api:$VPORT"
    [ "$WITH_HEAT" = no ] || echo "heat-api:$HPORT"
}

# Found before anything is started, and said by name: "address already in use" in one of twelve logs is hard to find.
check_ports() {
    local listener name port
    for listener in $(listeners); do
        name=${listener%%:*} port=${listener##*:}
        if ! alive "$name" && port_open "$port"; then
            ss -Hltnp "sport = :$port" >&2 || true
            die "port $port of $IP, which $name needs, is taken by another program" \
                "stop that program, or choose another port: README.md, Switches"
        fi
    done
}

# uwsgi_service NAME PORT PROCESSES MODULE:CALLABLE [-e VAR=VALUE | -w PATH]...
# Connection: close, or a client's idle pooled connection would keep one of the few threads busy.
uwsgi_service() {
    local name=$1 port=$2 processes=$3 module=$4
    shift 4
    service "$name" "$@" -- /usr/bin/uwsgi --plugin python3 --http-socket "$IP:$port" --module "$module" \
        --master --die-on-term --no-orphans --need-app --lazy-apps --processes "$processes" --threads 4 --enable-threads \
        --thunder-lock --disable-logging --buffer-size 65535 --so-keepalive --add-header 'Connection: close'
}

start_identity() {
    uwsgi_service keystone "$KPORT" 1 "$RELEASE_KEYSTONE_APP" -w "$ETC/keystone" \
        -e OS_KEYSTONE_CONFIG_FILES="$ETC/keystone/keystone.conf" -e OS_KEYSTONE_CONFIG_DIR="$ETC/keystone"
    uwsgi_service placement "$PPORT" 2 "$RELEASE_PLACEMENT_APP" -w "$ETC/placement" \
        -e OS_PLACEMENT_CONFIG_DIR="$ETC/placement"
    [ "$WITH_NETWORK" = yes ] || service neutron-stub -- "$PYTHON" "$CODE_DIR/neutron_stub.py" "$IP" "$QPORT"
    wait_for rabbitmq 90 port_open "$RPORT"
    wait_for keystone 60 http_answers "$KPORT" /v3
}

# Users, roles and endpoints; changes nothing when they are there.
fill_catalogue() {
    local more=()
    [ "$WITH_HEAT" = no ] || more+=("orchestration=heat=http://$IP:$HPORT/v1/%(tenant_id)s")
    # Both names: Nova and Heat look for the older one.
    [ "$WITH_VOLUMES" = no ] || more+=("volumev3=cinderv3=http://$IP:$VPORT/v3" "block-storage=cinder=http://$IP:$VPORT/v3")
    inside "$PYTHON" "$CODE_DIR/catalogue.py" "http://$IP:$KPORT/v3" "$PASSWORD" \
        "compute=nova=http://$IP:$NPORT/v2.1" "placement=placement=http://$IP:$PPORT" \
        "image=glance=http://$IP:$GPORT" "network=neutron=http://$IP:$QPORT" "${more[@]}" \
        >"$LOG_DIR/catalogue.log" 2>&1 || die_of catalogue "could not be filled"
    say "catalogue filled"
}

start_services() {
    local nova=$ETC/nova/nova.conf
    service nova-conductor -- "${LAUNCH[@]}" nova-conductor --config-file "$nova"
    release_start_nova_api
    service nova-scheduler -w "$FILTERS" -e PYTHONPATH="$FILTERS" -- \
        "${LAUNCH[@]}" nova-scheduler --config-file "$nova" --config-file "$ETC/nova/scheduler.conf"
    release_start_glance_api
    [ "$WITH_NETWORK" = no ] || start_network
    [ "$WITH_VOLUMES" = no ] || start_volumes
    wait_for placement 60 http_answers "$PPORT" /
    [ "$WITH_HEAT" = no ] || start_heat
}

start_heat() {
    service heat-engine -w "$ETC/heat" -- "${LAUNCH[@]}" heat-engine --config-file "$ETC/heat/heat.conf"
    release_start_heat_api
}

# Healthy: each API answers, and each compute reports, is mapped to the cell and has its resource provider.
wait_until_healthy() {
    local computes
    wait_for nova-api 90 http_answers "$NPORT" /
    wait_for glance-api 60 http_answers "$GPORT" /
    [ "$WITH_HEAT" = no ] || wait_for heat-api 60 http_answers "$HPORT" /
    [ "$WITH_NETWORK" = no ] || wait_for neutron-api 60 http_answers "$QPORT" /
    [ "$WITH_VOLUMES" = no ] || wait_for cinder-api 60 http_answers "$VPORT" /
    mapfile -t computes < <(configured_computes)
    wait_for_computes "${computes[@]}"
    # Last, for on Zed it calls the conductor while it starts, and gives up when that does not listen yet.
    release_start_nova_metadata
    wait_for nova-metadata 60 http_answers "$MPORT" /
    [ "$WITH_HEAT" = no ] || alive heat-engine || die_of heat-engine "has died"
    [ "$WITH_VOLUMES" = no ] || wait_for_volumes
}
