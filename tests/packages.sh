#!/usr/bin/env bash
# Tests the Debian packages: builds them, asks lintian, and installs, configures, upgrades and purges each in a fresh Debian of its own, and all
# of them in one.
# usage: tests/packages.sh [--published] [--base-only] [--built] [agent|control|cli|snapshot-sync|guest|nova-filter]...
#   --published   packs the programs of artifacts/native as they are
#   --built       takes the packages of artifacts/packages as they are
#   --base-only   makes only the fresh Debian, artifacts/packages/fresh-RELEASE.tar, which later runs take
# Needs root, debootstrap, debhelper, help2man and lintian. What has to be true of each package stands in packages/NAME.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

PUBLISHED=() BASE_ONLY=0 BUILT=0 NAMES=()
while [ $# -gt 0 ]; do case $1 in
    --published) PUBLISHED=(--published) ;;
    --built) BUILT=1 ;;
    --base-only) BASE_ONLY=1 ;;
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "tests/packages.sh: unknown option $1" >&2; exit 64 ;;
    *) NAMES+=("$1") ;;
esac; shift; done
[ ${#NAMES[@]} -gt 0 ] || NAMES=(agent control cli snapshot-sync guest nova-filter)

RELEASE=$(. /etc/os-release && echo "$VERSION_CODENAME")
PACKAGES=$PWD/artifacts/packages
BASE=$PACKAGES/fresh-$RELEASE.tar
WORK=$(mktemp -d "${TMPDIR:-/tmp}/osev-packages-XXXXXX")
ROOT=$WORK/root
# what a package cannot be installed without, of ours
declare -A NEEDS=([snapshot-sync]=cli)
trap 'rm -rf --one-file-system "$WORK"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }

# inside COMMAND...: in the fresh Debian, with processes, mounts and a network of its own
inside() {
    # shellcheck disable=SC2016  # for the inner shell
    unshare --mount --pid --net --fork --kill-child sh -euc '
        root=$1; shift
        ip link set lo up
        mount --bind "$root" "$root"
        mount -t proc proc "$root/proc"
        exec chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"' sh "$ROOT" "$@"
}

# systemd and what the packages depend on: dpkg installs no dependencies by itself
make_base() {
    local mirror
    # shellcheck disable=SC2016  # apt's own format, not the shell's
    mirror=${OSEV_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(ORIGIN) $(REPO_URI)' 'Created-By: Packages' |
        awk '$1 == "Debian" && $2 !~ /security/ { print $2; exit }')}
    # debootstrap mounts below its folder
    unshare --mount debootstrap --variant=minbase --include=systemd,libssl3,python3,python3-cryptography,python3-cffi-backend "$RELEASE" "$ROOT" "$mirror" >"$PACKAGES/debootstrap.log" 2>&1 </dev/null ||
        { tail -5 "$PACKAGES/debootstrap.log" >&2; fail "debootstrap, see $PACKAGES/debootstrap.log"; }
    # no service is started in a folder
    printf '#!/bin/sh\nexit 101\n' >"$ROOT/usr/sbin/policy-rc.d"
    chmod 755 "$ROOT/usr/sbin/policy-rc.d"
    stand_in python3-nova
    rm -rf "$ROOT"/var/cache/apt/archives/*.deb "$ROOT"/var/lib/apt/lists/*
    tar -C "$ROOT" -cf "$BASE.new" .
    mv "$BASE.new" "$BASE"
    rm -rf --one-file-system "$ROOT"
}

# stand_in PACKAGE: an empty one of that name. Nova brings 200 packages with it; the filter is tested in the real one by nova-filter/run.py.
stand_in() {
    mkdir -p "$WORK/$1/DEBIAN"
    printf '%s\n' "Package: $1" 'Version: 99' 'Architecture: all' 'Maintainer: nobody <nobody@example.org>' 'Description: stands in' >"$WORK/$1/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$WORK/$1" "$ROOT/stand-in.deb" >/dev/null
    inside dpkg -i /stand-in.deb >/dev/null
    rm "$ROOT/stand-in.deb"
}

# Every file with its content, every link and folder, with mode and owner; but not dpkg's own memory, nor the backups that groupadd makes.
snapshot() {
    (cd "$ROOT" && find . -xdev -regex './\(proc\|sys\|dev\|run\|tmp\|var/lib/dpkg\|var/log\|var/cache\|etc/[a-z]*-\)' -prune -o -print0 >"$WORK/names" &&
        xargs -0 stat --printf '%A %u:%g %N\n' <"$WORK/names" && { xargs -0 sha256sum <"$WORK/names" 2>/dev/null || true; }) | sort
}

fresh() {
    rm -rf --one-file-system "$ROOT"
    mkdir "$ROOT"
    tar -C "$ROOT" -xf "$BASE"
    cp tests/packages/run_unit.py "$ROOT/run_unit.py"
    # the same each time
    [ -s "$WORK/before" ] || snapshot >"$WORK/before"
}

left() { # WHAT
    snapshot >"$WORK/after"
    diff "$WORK/before" "$WORK/after" >"$WORK/left" || fail "$1: purge does not leave what was before: $(head -20 "$WORK/left")"
}

deb() { ls "$PACKAGES/openstack-sev-$1"_*.deb; }

# older NAME: the same package, as if of a version before it, whose settings looked otherwise
older() {
    local unpacked=$WORK/older file
    rm -rf "$unpacked"
    dpkg-deb -R "$(deb "$1")" "$unpacked"
    sed -i 's/^Version: .*/Version: 0.0.1/; s/ (>= [0-9.]*)$//' "$unpacked/DEBIAN/control"
    if [ -e "$unpacked/DEBIAN/conffiles" ]; then
        while read -r file; do sed -i '1i # of 0.0.1' "$unpacked$file"; done <"$unpacked/DEBIAN/conffiles"
    fi
    dpkg-deb --root-owner-group -Znone -b "$unpacked" "$ROOT/older.deb" >/dev/null
}

# dpkg_inside WHAT ARGUMENT...
dpkg_inside() {
    local what=$1
    shift
    inside dpkg --force-unsafe-io "$@" >"$WORK/dpkg" 2>&1 </dev/null || fail "$what: $(cat "$WORK/dpkg")"
}

install_new() { # NAME...
    local name files=()
    for name in "$@"; do cp "$(deb "$name")" "$ROOT/$name.deb"; files+=("/$name.deb"); done
    # an administrator's settings stay, as apt does it where nobody can be asked
    dpkg_inside "installing $*" --force-confdef --force-confold -i "${files[@]}"
}

# unit NAME WANTED [COMMAND...]: what systemd would see of it; its words are in $WORK/unit and those of the program in /run/unit.log, inside
unit() {
    local name=$1 wanted=$2
    shift 2
    inside /run_unit.py "$name" "$@" >"$WORK/unit" 2>"$ROOT/run/unit.log" || true
    [ "$(head -1 "$WORK/unit")" = "$wanted" ] || fail "$name: $(cat "$WORK/unit" "$ROOT/run/unit.log"), and not $wanted"
    [ "$wanted" != ready ] || [ "$(tail -1 "$WORK/unit")" = "ended 0" ] || fail "$name: $(cat "$WORK/unit" "$ROOT/run/unit.log")"
}

says() { grep -q -- "$1" "$ROOT/run/unit.log" || fail "its log does not say '$1': $(cat "$ROOT/run/unit.log")"; }

# unit_says NAME TEXT: it runs until it has said that
unit_says() {
    # shellcheck disable=SC2016  # for the inner shell
    unit "$1" ready sh -c 'for _ in $(seq 300); do grep -q -- "$1" /run/unit.log && exit; sleep 0.2; done' sh "$2"
    says "$2"
}
enabled() { [ "$(inside systemctl is-enabled "$1" 2>/dev/null)" = "$2" ] || fail "$1 is not $2"; }
# mode PATH "MODE OWNER:GROUP"
mode() { [ "$(inside stat -c '%a %U:%G' "$1")" = "$2" ] || fail "$1 is $(inside stat -c '%a %U:%G' "$1"), and not $2"; }
# secret FILE GROUP: a password or a key that an administrator put there for the service
secret() { inside install -D -m 640 -g "$2" /etc/hostname "/etc/openstack-sev/$1"; }
# kept_for_root FILE: after the purge it is there, and whoever gets the number of that group next cannot read it
kept_for_root() {
    mode "/etc/openstack-sev/$1" "600 root:root"
    rm "$ROOT/etc/openstack-sev/$1"
    rmdir "$ROOT/etc/openstack-sev"
}
documented() { [ -s "$ROOT/usr/share/doc/openstack-sev-$1/README.md" ] || fail "the README that the unit names is not there"; }

# story NAME: from nothing to nothing
story() {
    local name=$1 package=openstack-sev-$1 has_unit=0 needed=${NEEDS[$1]:-}
    fresh
    [ -z "$needed" ] || install_new "$needed"
    older "$name"
    dpkg_inside "$package: the older one" -i /older.deb
    "installed_$name"
    "configured_$name"
    [ ! -e "$ROOT/lib/systemd/system/$package.service" ] || has_unit=1
    if [ $has_unit = 1 ]; then
        enabled "$package" enabled
        inside systemd-analyze verify "/lib/systemd/system/$package.service" >"$WORK/verify" 2>&1 || fail "$package: its unit: $(cat "$WORK/verify")"
        # an administrator's word outlives an upgrade
        inside systemctl disable "$package" >/dev/null 2>&1
    fi
    install_new "$name"
    "upgraded_$name"
    if [ $has_unit = 1 ]; then
        enabled "$package" disabled
        inside systemctl enable "$package" >/dev/null 2>&1
    fi

    dpkg_inside "$package: remove" --remove "$package"
    dpkg_inside "$package: purge" --purge "$package"
    ! declare -F "purged_$name" >/dev/null || "purged_$name"
    [ -z "$needed" ] || dpkg_inside "$package: purge" --purge "openstack-sev-$needed"
    rm "$ROOT"/*.deb
    left "$package"
    echo "$package: $(du -h "$(deb "$name")" | cut -f1), installed, upgraded and purged"
}

# All on one machine, in one go: what they share goes with the last of them.
together() {
    fresh
    install_new "${NAMES[@]}"
    dpkg_inside "purge of all" --purge "${NAMES[@]/#/openstack-sev-}"
    rm "$ROOT"/*.deb
    left "all of them"
    echo "all of them: installed and purged together"
}

mkdir -p "$PACKAGES"
[ -s "$BASE" ] || make_base
[ "$BASE_ONLY" = 0 ] || exit 0
if [ "$BUILT" = 0 ]; then
    rm -f "$PACKAGES"/*.deb
    # to be packed small takes minutes, and proves nothing
    export DPKG_DEB_COMPRESSOR_TYPE=gzip DPKG_DEB_COMPRESSOR_LEVEL=1
    etc/packages/build.sh ${PUBLISHED[@]+"${PUBLISHED[@]}"} "${NAMES[@]}"
    lintian --fail-on error --allow-root "$PACKAGES"/*.deb
fi
for name in "${NAMES[@]}"; do
    # shellcheck source=/dev/null
    . "tests/packages/$name.sh"
    story "$name"
done
[ ${#NAMES[@]} = 1 ] || together
