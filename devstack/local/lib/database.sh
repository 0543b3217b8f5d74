# MariaDB on a socket of its own, and the schemas of the services.
# shellcheck shell=bash

start_database() {
    [ -d "$STATE_DIR/mysql/mysql" ] || make_data_directory
    # No network: its root has no password, and the socket is in a folder that only root may enter.
    # Durability is given for speed: a lab's database need not survive a power failure.
    service mariadb -- /usr/sbin/mariadbd --no-defaults --user=root --datadir="$STATE_DIR/mysql" \
        --socket="$SOCKET" --pid-file="$RUN_DIR/mariadb.own" --skip-networking \
        --skip-log-bin --character-set-server=utf8mb3 --max-connections=400 --performance-schema=off \
        --innodb-buffer-pool-size=96M --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 --innodb-flush-method=nosync
    wait_for mariadb 60 inside "$PYTHON" "$CODE_DIR/databases.py" "$SOCKET"
}

make_data_directory() {
    inside mariadb-install-db --no-defaults --user=root --datadir="$STATE_DIR/mysql" \
        --auth-root-authentication-method=normal --skip-test-db --innodb-flush-log-at-trx-commit=0 \
        >"$LOG_DIR/mariadb.log" 2>&1 || { rm -rf "$STATE_DIR/mysql"; die_of mariadb "could not make its data directory"; }
    say "mariadb: data directory made"
}

# Schemas are made once. Without their mark, whatever an interrupted run left is half-made: begin anew.
make_schemas() {
    if [ ! -e "$STATE_DIR/mysql/.schemas" ]; then
        empty_databases keystone placement glance nova_api nova_cell0 nova_cell1
        side_by_side nova_schemas other_schemas
        touch "$STATE_DIR/mysql/.schemas"
        say "schemas made"
    fi
    local more=() name
    [ "$WITH_HEAT" = no ] || more+=(heat)
    [ "$WITH_NETWORK" = no ] || more+=(neutron)
    [ "$WITH_VOLUMES" = no ] || more+=(cinder)
    mapfile -t more < <(for name in "${more[@]}"; do [ -e "$STATE_DIR/mysql/.schemas-$name" ] || echo "$name"; done)
    [ ${#more[@]} -gt 0 ] || return 0
    empty_databases "${more[@]}"
    side_by_side "${more[@]/%/_schema}"
    for name in "${more[@]}"; do touch "$STATE_DIR/mysql/.schemas-$name"; done
    say "schemas made: ${more[*]}"
}

# side_by_side FUNCTION...: all at once, each with a log of its name; an interrupted run takes them along.
side_by_side() {
    local job jobs=() pids=()
    set -m      # a process group each, so that their children can be stopped too
    for job in "$@"; do
        "$job" >"$LOG_DIR/$job.log" 2>&1 &
        pids+=("$!") jobs+=("$!:$job")
    done
    set +m
    # shellcheck disable=SC2064  # the pids of now
    trap "kill -- ${pids[*]/#/-} 2>/dev/null || true" EXIT
    for job in "${jobs[@]}"; do
        wait "${job%%:*}" || die_of "${job##*:}" "failed"
    done
    trap - EXIT
}

empty_databases() {
    inside "$PYTHON" "$CODE_DIR/databases.py" "$SOCKET" "$@" >"$LOG_DIR/databases.log" 2>&1 || die_of databases "could not be made"
}

nova_schemas() {
    inside "$PYTHON" "$CODE_DIR/nova_schemas.py" "$ETC/nova/nova.conf" \
        "$DATABASE/nova_cell0?$DATABASE_OPTIONS" "$DATABASE/nova_cell1?$DATABASE_OPTIONS" "$TRANSPORT_URL"
}

other_schemas() {
    local url=http://$IP:$KPORT/v3
    keystone_manage fernet_setup --keystone-user root --keystone-group root &&
        keystone_manage credential_setup --keystone-user root --keystone-group root &&
        keystone_manage db_sync &&
        keystone_manage bootstrap --bootstrap-password "$PASSWORD" --bootstrap-region-id RegionOne \
            --bootstrap-admin-url "$url" --bootstrap-internal-url "$url" --bootstrap-public-url "$url" &&
        inside "${LAUNCH[@]}" placement-manage --config-file "$ETC/placement/placement.conf" db sync &&
        inside "${LAUNCH[@]}" glance-manage --config-file "$ETC/glance/glance-api.conf" db_sync
}

keystone_manage() { inside "${LAUNCH[@]}" keystone-manage --config-file "$ETC/keystone/keystone.conf" "$@"; }

heat_schema() { inside "${LAUNCH[@]}" heat-manage --config-file "$ETC/heat/heat.conf" db_sync; }
