#!/bin/bash
# down.sh - stops what up.sh started, by its pid files.
set -euo pipefail
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=lib/load.sh
. "$HERE/lib/load.sh"

usage() {
    cat <<'EOF'
usage: down.sh [--release zed|2026.2] [--keep-infra | --purge] [--remove-chroot]

  --release        whose default state folder; STATE_DIR names another one
  --keep-infra     leave database and broker running: the next up.sh is faster
  --purge          also remove the state folder: databases, images, logs, keys
  --remove-chroot  also remove the packages of 2026.2, which --purge keeps for the next time
EOF
}

parse_arguments() {
    RELEASE=zed PURGE=no KEEP_INFRA=no REMOVE_CHROOT=no
    while [ $# -gt 0 ]; do
        case $1 in
            --release) RELEASE=${2:?"--release takes zed or 2026.2"}; shift ;;
            --purge) PURGE=yes ;;
            --remove-chroot) REMOVE_CHROOT=yes ;;
            --keep-infra) KEEP_INFRA=yes ;;
            -h|--help) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
}

# Database and broker go last: services that lose them first log tracebacks for nothing.
# Broker before port mapper, which the broker tells that it goes.
stop_all() {
    local services
    mapfile -t services < <(known_services | grep -vxE 'mariadb|rabbitmq|epmd')
    stop_services 20 "${services[@]}"
    [ "$KEEP_INFRA" = no ] || return 0
    stop_services 40 mariadb rabbitmq
    stop_services 10 epmd
}

# --one-file-system: whatever might be mounted there is not ours to empty.
purge() {
    [ -z "$(known_services)" ] || die "still running: $(known_services | xargs)" "--purge does not go with --keep-infra"
    [ -e "$STATE_DIR/settings" ] || [ -z "$(foreign_files)" ] || die "$STATE_DIR holds more than a stack's state" \
        "is STATE_DIR right?"
    rm -rf --one-file-system "${STATE_DIR:?}"
}

# What an interrupted up.sh has not left there.
foreign_files() { find "$STATE_DIR" -mindepth 1 -maxdepth 1 ! -name log ! -name lock.file; }

parse_arguments "$@"
[ "$(id -u)" = 0 ] || not_possible "root is needed: the stack's processes are root's"
load_saved_settings || say "no stack in $STATE_DIR"
if [ -d "$STATE_DIR" ]; then
    lock_state
    stop_all
    [ "$KEEP_INFRA" = yes ] || release_leave
    [ "$PURGE" = no ] || purge
    say "OpenStack $RELEASE is down"
fi
[ "$REMOVE_CHROOT" = no ] || release_remove_chroot
