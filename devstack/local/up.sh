#!/bin/bash
# up.sh - a real, minimal OpenStack on this machine: Keystone, Placement, Glance, Nova with fake
# computes, RabbitMQ and MariaDB, optionally Heat, Neutron and Cinder. README.md tells what is in it and how to look around.
# Run it again at any time: it starts what is missing and restarts what is configured differently.
set -euo pipefail
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck source=lib/load.sh
. "$HERE/lib/load.sh"

usage() {
    cat <<'EOF'
usage: up.sh [--release zed|2026.2] [--computes N] [--with-heat] [--with-network] [--with-volumes]
             [--mem-encryption HOST=NUMBERS,...] [--install-only | --no-install]

  --release         zed: Debian 12's packages, on 127.0.0.1 (default)
                    2026.2: Debian unstable in a chroot and a network namespace of its own
  --computes        how many fake computes run: compute1 ... computeN (default: as last time, else 1)
  --with-heat       Heat's API and engine too
  --with-network    Neutron's API in place of a stub that has nothing (2026.2)
  --with-volumes    Cinder's API, scheduler and a fake storage (2026.2)
  --mem-encryption  encryption contexts that a compute offers, e.g. compute1=15,compute2=unlimited,
                    on 2026.2 also by model: compute1=sev:15+sev_snp:5
  --install-only    install the packages and stop
  --no-install      do not look at the packages
Ports, folders and further switches are environment variables: see README.md.
EOF
}

# shellcheck disable=SC2034  # read by lib/
parse_arguments() {
    RELEASE=zed COMPUTES='' WITH_HEAT=no WITH_NETWORK=no WITH_VOLUMES=no INSTALL=yes UP=yes CONTEXTS=''
    while [ $# -gt 0 ]; do
        case $1 in
            --release) RELEASE=${2:?"--release takes zed or 2026.2"}; shift ;;
            --computes) COMPUTES=${2:?"--computes takes a number"}; shift ;;
            --mem-encryption) CONTEXTS=${2:?"--mem-encryption takes HOST=NUMBERS,..."}; shift ;;
            --with-heat) WITH_HEAT=yes ;;
            --with-network) WITH_NETWORK=yes ;;
            --with-volumes) WITH_VOLUMES=yes ;;
            --install-only) UP=no ;;
            --no-install) INSTALL=no ;;
            -h|--help) usage; exit 0 ;;
            *) usage >&2; exit 2 ;;
        esac
        shift
    done
    [[ $COMPUTES =~ ^[0-9]{0,3}$ ]] || { echo "error: --computes takes a number, not '$COMPUTES'" >&2; exit 2; }
}

parse_arguments "$@"
load_release "$RELEASE"
need_root_and_debian
load_settings
check_contexts "$CONTEXTS"

lock_state
keep_network_and_volumes
# Not before: another up.sh, for which the lock has waited, may have changed it.
COMPUTES=${COMPUTES:-$(computes_last_time)}
[ "$INSTALL" = no ] || release_install
[ "$UP" = yes ] || exit 0

release_enter
stop_other_network
check_ports
write_configuration
write_contexts "$CONTEXTS"

start_broker
start_database
make_schemas
start_identity
fill_catalogue
start_services
start_computes
stop_surplus_computes
wait_until_healthy
say "OpenStack $RELEASE is up; started:${STARTED:- nothing, all of it was running}"
say "to use it: export OS_CLIENT_CONFIG_FILE=$STATE_DIR/clouds.yaml OS_CLOUD=osev"
