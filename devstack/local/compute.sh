#!/bin/bash
# compute.sh - starts, stops or restarts single fake computes of a running stack.
set -euo pipefail
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=lib/load.sh
. "$HERE/lib/load.sh"

usage() {
    cat <<'EOF'
usage: compute.sh [--release zed|2026.2] start|stop|restart NAME...
       compute.sh [--release zed|2026.2] list

  start and restart return once Nova reports the compute up and Placement has its resource provider.
  --release  whose default state folder; STATE_DIR names another one
EOF
}

list_computes() {
    local compute pid
    for compute in $(configured_computes); do
        pid=$(pid_of "nova-$compute") || pid=stopped
        printf '%s\t%s\t%s\n' "$compute" "$pid" "$(contexts_of "$compute")"
    done
}

contexts_of() { [ ! -e "$STATE_DIR/mem-encryption/$1" ] || xargs <"$STATE_DIR/mem-encryption/$1"; }

must_be_configured() {
    local compute
    for compute in "$@"; do
        [ -e "$ETC/nova/$compute.conf" ] || die "no compute '$compute'; there is: $(configured_computes | xargs)" \
            "up.sh --computes N makes compute1 to computeN"
    done
}

# shellcheck disable=SC2034  # read by load_saved_settings
RELEASE=zed
# shellcheck disable=SC2034
if [ "${1:-}" = --release ]; then RELEASE=${2:?"--release takes zed or 2026.2"}; shift 2; fi
ACTION=${1:-}
[ $# = 0 ] || shift
[ "$(id -u)" = 0 ] || not_possible "root is needed: the stack's processes are root's"
load_saved_settings || die "no stack in $STATE_DIR" "start one with up.sh, or name its folder in STATE_DIR"
case $ACTION in
    list) list_computes; exit 0 ;;
    start|stop|restart) [ $# -gt 0 ] || { usage >&2; exit 2; } ;;
    -h|--help) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
esac

must_be_configured "$@"
lock_state
if [ "$ACTION" != start ]; then
    stop_services 20 "${@/#/nova-}"
fi
if [ "$ACTION" != stop ]; then
    for compute in "$@"; do start_compute "$compute"; done
    wait_for_computes "$@"
fi
say "$ACTION: $*"
