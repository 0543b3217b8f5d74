#!/bin/bash
# broker.sh - rabbitmqctl of a running stack's RabbitMQ.
set -euo pipefail
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=lib/load.sh
. "$HERE/lib/load.sh"

usage() {
    cat <<'EOF'
usage: broker.sh [--release zed|2026.2] ARGUMENT...

  broker.sh list_queues name messages consumers
  broker.sh stop_app; broker.sh start_app            RabbitMQ stops and starts again, as in an upgrade
  --release  whose default state folder; STATE_DIR names another one
EOF
}

# shellcheck disable=SC2034  # read by load_saved_settings
RELEASE=zed
# shellcheck disable=SC2034
if [ "${1:-}" = --release ]; then RELEASE=${2:?"--release takes zed or 2026.2"}; shift 2; fi
case ${1:-} in
    -h|--help) usage; exit 0 ;;
    '') usage >&2; exit 2 ;;
esac
[ "$(id -u)" = 0 ] || not_possible "root is needed: the stack's processes are root's"
load_saved_settings || die "no stack in $STATE_DIR" "start one with up.sh, or name its folder in STATE_DIR"
inside ERL_EPMD_PORT="$EPMD" ERL_EPMD_ADDRESS=127.0.0.1 RABBITMQ_CONF_ENV_FILE=/dev/null \
    /usr/lib/rabbitmq/bin/rabbitmqctl -q -n osev@localhost "$@"
