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

# wait_for_computes NAME...
# A service that was killed counts as up for service_down_time: reports from before this run do not count.
wait_for_computes() {
    local since='' name
    [ -z "$STARTED" ] || since=$(date -u -d "@$(($(date +%s) - SECONDS))" +%FT%T)
    inside "$PYTHON" "$CODE_DIR/health.py" --keystone "http://$IP:$KPORT/v3" --password "$PASSWORD" \
        --since "$since" --seconds 120 "$@" >"$LOG_DIR/health.log" 2>&1 && { say "computes are ready: $*"; return 0; }
    for name in nova-conductor nova-scheduler "${@/#/nova-}"; do
        alive "$name" || die_of "$name" "has died"
    done
    die_of health "shows that computes do not report"
}

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
