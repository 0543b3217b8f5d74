#!/bin/bash
# DevStack sources this file at each of its phases, with a mode and, in mode stack, a phase. A phase that is not named here does nothing.
# shellcheck disable=SC2154  # OSEV_DIR is of settings, which DevStack reads before

# shellcheck source=devstack/lib/openstack-sev
source "$OSEV_DIR/devstack/lib/openstack-sev"

# No && and no || around these calls: in them bash ignores the errexit that stack.sh stops by.
if [[ "$1" == "stack" ]] && is_service_enabled osev-control osev-sync osev-agent; then
    if [[ "$2" == "pre-install" ]]; then
        osev_prepare_machine
    elif [[ "$2" == "install" ]]; then
        osev_install
    elif [[ "$2" == "post-config" ]]; then
        osev_configure
    elif [[ "$2" == "extra" ]]; then
        osev_start
    elif [[ "$2" == "test-config" ]]; then
        osev_look
    fi
elif [[ "$1" == "unstack" ]]; then
    osev_stop
elif [[ "$1" == "clean" ]]; then
    osev_clean
fi
