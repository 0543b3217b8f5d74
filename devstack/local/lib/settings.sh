# Every setting of a stack: from the environment, with its default. release/*.sh holds the defaults that differ.
# shellcheck shell=bash
# shellcheck disable=SC2034  # read by the other parts, and by the templates of etc/

# Settings that the state folder keeps, for compute.sh and down.sh.
SETTINGS=(RELEASE STATE_DIR IP PASSWORD KPORT PPORT NPORT MPORT GPORT QPORT HPORT VPORT RPORT EPMD)

load_settings() {
    STATE_DIR=${STATE_DIR:-$RELEASE_STATE_DIR}
    IP=${OSEV_IP:-$RELEASE_IP}
    PASSWORD=${OSEV_PASSWORD:-osev}
    DEBUG=${OSEV_DEBUG:-false}

    # Ports, all on $IP. RabbitMQ also takes RPORT+20000, for Erlang's distribution.
    KPORT=${KPORT:-5000} PPORT=${PPORT:-8778} NPORT=${NPORT:-8774} MPORT=${MPORT:-8775} GPORT=${GPORT:-9292}
    QPORT=${QPORT:-9696} HPORT=${HPORT:-8004} VPORT=${VPORT:-8776} RPORT=${RPORT:-5672} EPMD=${EPMD:-14369}

    # nova-compute
    UPDATE_RESOURCES_INTERVAL=${OSEV_UPDATE_RESOURCES_INTERVAL:-10}
    ASSOCIATION_REFRESH=${OSEV_ASSOCIATION_REFRESH:-5}
    LAYOUT=${OSEV_SEV_LAYOUT:-$RELEASE_SEV_LAYOUT}
    NODE_DOMAIN=${OSEV_NODE_DOMAIN:-}
    NODES=${OSEV_NODES:-1}

    # nova-scheduler and nova-api: the filter of this checkout, another one, or with OSEV_PYTHONPATH= none
    FILTER_PATH=${OSEV_PYTHONPATH-$(trust_filter)}
    FILTER_CONF=${OSEV_SCHEDULER_CONF:-}
    local usual=ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter
    AVAILABLE_FILTERS=${OSEV_AVAILABLE_FILTERS:+available_filters = $OSEV_AVAILABLE_FILTERS}
    if [ -z "${OSEV_PYTHONPATH+set}" ] && [ -n "$FILTER_PATH" ]; then
        AVAILABLE_FILTERS="available_filters = openstack_sev_filter.filter.SevTrustFilter"
        usual=$usual,SevTrustFilter
    fi
    ENABLED_FILTERS=${OSEV_ENABLED_FILTERS:-$usual}
    SNAPSHOT_MAX_AGE=${OSEV_SNAPSHOT_MAX_AGE:-90}
    SHUFFLE=${OSEV_SHUFFLE:-false}

    # Nova's metadata API: who answers for vendor_data2.json; empty = nobody
    VENDORDATA_URL=${OSEV_VENDORDATA_URL:-}
    VENDORDATA_CA=${OSEV_VENDORDATA_CA:+vendordata_dynamic_ssl_certfile = $OSEV_VENDORDATA_CA}

    derive_settings
}

# src/nova-filter; nothing where this folder stands by itself.
trust_filter() {
    local folder
    folder=$(readlink -f "$HERE/../../src/nova-filter")
    [ ! -r "$folder/pyproject.toml" ] || echo "$folder"
}

derive_settings() {
    ETC=$STATE_DIR/etc RUN_DIR=$STATE_DIR/run LOG_DIR=$STATE_DIR/log CODE_DIR=$STATE_DIR/python
    FILTERS=$STATE_DIR/filters TRUST_DIR=$STATE_DIR/trust
    SOCKET=$RUN_DIR/mariadb.sock
    DATABASE=mysql+pymysql://root@localhost
    DATABASE_OPTIONS="unix_socket=$SOCKET&charset=utf8"
    TRANSPORT_URL=rabbit://osev:$PASSWORD@$IP:$RPORT/
    LAUNCH=("$PYTHON" "$CODE_DIR/launch.py")
    # Nothing of the caller's environment reaches a service: a stack is the same wherever it is started from.
    ENVIRONMENT=(env -i --chdir="$STATE_DIR" "PATH=$PATH" HOME="$STATE_DIR/home" LC_ALL=C.UTF-8
        PYTHONWARNINGS=ignore PYTHONNOUSERSITE=1 PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1)
    release_settings
}

save_settings() {
    local name
    for name in "${SETTINGS[@]}"; do printf '%s=%q\n' "$name" "${!name}"; done >"$STATE_DIR/settings"
}

# load_saved_settings: those of the stack in STATE_DIR; RELEASE only says which folder is the default.
# Without a stack there: the defaults, and failure.
load_saved_settings() {
    load_release "$RELEASE"
    STATE_DIR=${STATE_DIR:-$RELEASE_STATE_DIR}
    [ -r "$STATE_DIR/settings" ] || { load_settings; return 1; }
    # shellcheck source=/dev/null
    . "$STATE_DIR/settings"
    load_release "$RELEASE"
    derive_settings
}

# One up.sh, down.sh or compute.sh at a time. Services must not inherit descriptor 9: see launch in process.sh.
lock_state() {
    mkdir -p "$STATE_DIR"
    exec 9>"$STATE_DIR/lock.file"
    flock -w 300 9 || die "another up.sh, down.sh or compute.sh has been at work in $STATE_DIR for 5 minutes" \
        "see which process: fuser -v $STATE_DIR/lock.file"
}
