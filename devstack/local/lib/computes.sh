# Fake computes: compute1 ... computeN, a nova-compute process each, and the numbers of encryption contexts they offer.
# shellcheck shell=bash

# Those that the last up.sh wanted.
configured_computes() {
    local file
    for file in "$ETC"/nova/compute*.conf; do
        [ ! -e "$file" ] || basename "$file" .conf
    done | sort -V
}

computes_last_time() {
    local number
    number=$(configured_computes | wc -l)
    echo $((number > 0 ? number : 1))
}

configure_computes() {
    local number COMPUTE
    rm -f "$ETC"/nova/compute*.conf
    for ((number = 1; number <= COMPUTES; number++)); do
        COMPUTE=compute$number
        mkdir -p "$STATE_DIR/nova/$COMPUTE"
        render nova-compute.conf "$ETC/nova/$COMPUTE.conf"
    done
}

start_computes() {
    local compute
    for compute in $(configured_computes); do ASK_ONLY=yes start_compute "$compute"; done
    for compute in $(configured_computes); do start_compute "$compute"; done
}

start_compute() {
    service "nova-$1" -w "$CODE_DIR/sev_fake.py" -- "${LAUNCH[@]}" nova-compute \
        --config-file "$ETC/nova/nova.conf" --config-file "$ETC/nova/$1.conf"
}

# Their records in Nova and Placement stay, as those of a real host that was switched off.
stop_surplus_computes() {
    local name surplus=()
    for name in $(known_services); do
        [[ $name != nova-compute* ]] || [ -e "$ETC/nova/${name#nova-}.conf" ] || surplus+=("$name")
    done
    [ ${#surplus[@]} -gt 0 ] || return 0
    stop_services 20 "${surplus[@]}"
    say "stopped, since --computes is $COMPUTES: ${surplus[*]}"
}

# wait_for_computes NAME...: and for conductor and scheduler, without which they are of no use.
wait_for_computes() {
    wait_for_reports nova-conductor nova-scheduler "${@/#/nova-}"
    say "computes are ready: $*"
}

# wait_for_reports SERVICE...: until each has reported to its API since it was started.
wait_for_reports() {
    local name services=() health
    for name in "$@"; do
        services+=("$name@$(start_of "$name")")
    done
    inside "$PYTHON" "$CODE_DIR/health.py" --keystone "http://$IP:$KPORT/v3" --password "$PASSWORD" \
        "${services[@]}" >"$LOG_DIR/health.log" 2>&1 & health=$!
    while kill -0 "$health" 2>/dev/null; do
        for name in "${services[@]%@*}"; do
            alive "$name" || { kill "$health"; die_of "$name" "has died"; }
        done
        sleep 0.2
    done
    wait "$health" || die_of health "shows services that do not report"
}

# In UTC, to the next full second: Nova's times have no fractions.
start_of() { date -u -d "@$(($(stat -c %Y "$RUN_DIR/$1.pid") + 1))" +%FT%T; }

# Numbers of encryption contexts: HOST=N or HOST=MODEL:N+MODEL:N, comma separated. N is a number or "unlimited".
# Checked before anything else, written once the state folder is there.
check_contexts() {
    local entry entries model='(sev|sev_es|sev_snp):' number='([0-9]+|unlimited)'
    IFS=, read -ra entries <<<"$1"
    for entry in "${entries[@]}"; do
        [[ $entry =~ ^compute[0-9]+(-n[0-9]+)?=($number|$model$number(\+$model$number)*)$ ]] || {
            echo "error: --mem-encryption does not understand '$entry'; write e.g. compute1=15 or compute1=sev:15+sev_snp:5" >&2
            exit 2
        }
    done
}

# One file a compute, one line a model ("sev=15"): nova-compute reads it at each of its rounds, so it can be
# edited, also to something wrong, while the stack runs.
write_contexts() {
    local entry entries numbers
    IFS=, read -ra entries <<<"$1"
    for entry in "${entries[@]}"; do
        numbers=${entry#*=}
        [[ $numbers == *:* ]] || numbers=sev:$numbers
        printf '%s\n' "${numbers//+/$'\n'}" | sed 's/:/=/' >"$STATE_DIR/mem-encryption/${entry%%=*}"
    done
}
