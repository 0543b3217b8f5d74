# Installing distribution packages without starting what they contain.
# shellcheck shell=bash

# Exit code 3: this machine cannot run the stack at all, as opposed to "something went wrong".
not_possible() {
    echo "error: $*" >&2
    exit 3
}

need_root_and_debian() {
    [ "$(id -u)" = 0 ] || not_possible "root is needed: for packages, and for the state folder under /var/lib"
    command -v apt-get >/dev/null || not_possible "apt-get is needed: the services come from Debian's packages"
}

# missing_packages NAME...: those that are not completely installed.
missing_packages() {
    local name
    for name in "$@"; do
        [ "$(dpkg-query -W -f '${Status}' "$name" 2>/dev/null)" = "install ok installed" ] || echo "$name"
    done
}

# install_packages NAME...
install_packages() {
    local missing log=$LOG_DIR/apt.log
    missing=$(missing_packages "$@" | xargs)
    [ -n "$missing" ] || return 0
    mkdir -p "$LOG_DIR"
    say "installing: $missing"
    forbid_service_start
    # An outdated package list is no reason to stop: the packages may be there all the same.
    apt_get update >"$log" 2>&1 || warn "apt-get update failed, see $log"
    # shellcheck disable=SC2086  # one word a package
    apt_get install $missing >>"$log" 2>&1 || {
        tail -n 15 "$log" >&2
        die "apt-get could not install $missing; its log is $log" "mend apt (apt-get install -f), then run up.sh again"
    }
    allow_service_start
    say "packages installed"
}

# unsafe-io: no sync for each file, which halves the time. After a power failure meanwhile: install again.
apt_get() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 \
        -o APT::Install-Recommends=0 -o Dpkg::Use-Pty=0 -o Dpkg::Options::=--force-confold \
        -o Dpkg::Options::=--force-unsafe-io "$@" </dev/null
}

# Packages ask policy-rc.d before they start a service: 101 = not allowed. A policy that was there before us stays.
SERVICE_POLICY=/usr/sbin/policy-rc.d
OUR_SERVICE_POLICY=

forbid_service_start() {
    [ ! -e "$SERVICE_POLICY" ] || return 0
    OUR_SERVICE_POLICY=$SERVICE_POLICY
    trap allow_service_start EXIT      # also when interrupted
    printf '#!/bin/sh\nexit 101\n' >"$SERVICE_POLICY"
    chmod 755 "$SERVICE_POLICY"
}

allow_service_start() {
    [ -z "$OUR_SERVICE_POLICY" ] || rm -f "$OUR_SERVICE_POLICY"
    OUR_SERVICE_POLICY=
}
