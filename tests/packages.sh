#!/usr/bin/env bash
# Tests the Debian packages: builds them, asks lintian, and installs, upgrades and purges each in a fresh Debian of its own.
# usage: tests/packages.sh [--published] [--base-only] [guest|nova-filter]...
#   --published   packs the programs of artifacts/native as they are
#   --base-only   makes only the fresh Debian, artifacts/packages/fresh-RELEASE.tar, which later runs take
# Needs root, debootstrap, debhelper, help2man and lintian.
set -euo pipefail
cd "$(dirname "$0")/.."

PUBLISHED=() BASE_ONLY=0 NAMES=()
while [ $# -gt 0 ]; do case $1 in
    --published) PUBLISHED=(--published) ;;
    --base-only) BASE_ONLY=1 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) echo "tests/packages.sh: unknown option $1" >&2; exit 64 ;;
    *) NAMES+=("$1") ;;
esac; shift; done

RELEASE=$(. /etc/os-release && echo "$VERSION_CODENAME")
PACKAGES=$PWD/artifacts/packages
BASE=$PACKAGES/fresh-$RELEASE.tar
WORK=$(mktemp -d "${TMPDIR:-/tmp}/osev-packages-XXXXXX")
ROOT=$WORK/root
trap 'rm -rf --one-file-system "$WORK"' EXIT

fail() { echo "FAILED: $*" >&2; exit 1; }
inside() { chroot "$ROOT" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }

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

# older DEB: the same package, as if of a version before it
older() {
    local unpacked=$WORK/older
    rm -rf "$unpacked"
    dpkg-deb -R "$1" "$unpacked"
    sed -i 's/^Version: .*/Version: 0.0.1/' "$unpacked/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$unpacked" "$ROOT/older.deb" >/dev/null
}

# What has to be true of a package once it is installed.
installed_guest() {
    [ -x "$ROOT/usr/bin/openstack-sev-guest" ] || fail "no program"
    [ -s "$ROOT/usr/share/doc/openstack-sev-guest/README.md" ] || fail "the README that the unit names is not there"
    grep -q '^openstack-sev:' "$ROOT/etc/group" || fail "no group openstack-sev"
    # a key is made before anything is looked for: OpenSSL is found and works
    local code=0
    inside openstack-sev-guest run --once --instructions /none >"$WORK/out" 2>&1 || code=$?
    grep -q '^error: guest.instructions' "$WORK/out" || code=0
    [ "$code" = 3 ] || fail "run --once: $(cat "$WORK/out")"
}

installed_nova-filter() {
    inside python3 - >"$WORK/out" 2>&1 <<'EOF' || fail "the filter: $(cat "$WORK/out")"
from importlib.metadata import distribution, entry_points
from pathlib import Path
import openstack_sev_filter.decision
import openstack_sev_filter.snapshot_file
def target(group):
    return [point.value for point in entry_points(group=group)]
assert target("nova.api.extra_spec_validators") == ["openstack_sev_filter.extra_specs"], target("nova.api.extra_spec_validators")
assert target("oslo.config.opts") == ["openstack_sev_filter.options:list_opts"]
folder = Path(openstack_sev_filter.snapshot_file.__file__).parent
assert folder == Path("/usr/lib/python3/dist-packages/openstack_sev_filter"), folder
assert (folder / "py.typed").exists() and list((folder / "__pycache__").glob("filter.*.pyc")), "not compiled"
assert distribution("openstack-sev-filter").version
EOF
    [ -s "$ROOT/usr/share/doc/openstack-sev-nova-filter/README.md" ] || fail "no README"
}

enabled() { [ "$(inside systemctl is-enabled "$1" 2>/dev/null)" = "$2" ] || fail "$1 is not $2"; }

# story NAME: from nothing to nothing
story() {
    local package=openstack-sev-$1 deb has_unit=0
    deb=$(ls "$PACKAGES/openstack-sev-$1"_*.deb)
    rm -rf --one-file-system "$ROOT"
    mkdir "$ROOT"
    tar -C "$ROOT" -xf "$BASE"
    snapshot >"$WORK/before"

    older "$deb"
    inside dpkg -i /older.deb >"$WORK/dpkg" 2>&1 || fail "$package: dpkg -i: $(cat "$WORK/dpkg")"
    "installed_$1"
    [ ! -e "$ROOT/lib/systemd/system/$package.service" ] || has_unit=1
    if [ $has_unit = 1 ]; then
        enabled "$package" enabled
        inside systemd-analyze verify "/lib/systemd/system/$package.service" >"$WORK/verify" 2>&1 || fail "$package: its unit: $(cat "$WORK/verify")"
        # an administrator's word outlives an upgrade
        inside systemctl disable "$package" >/dev/null 2>&1
    fi
    cp "$deb" "$ROOT/new.deb"
    inside dpkg -i /new.deb >"$WORK/dpkg" 2>&1 || fail "$package: upgrade: $(cat "$WORK/dpkg")"
    "installed_$1"
    if [ $has_unit = 1 ]; then
        enabled "$package" disabled
        inside systemctl enable "$package" >/dev/null 2>&1
    fi

    inside dpkg --remove "$package" >"$WORK/dpkg" 2>&1 || fail "$package: remove: $(cat "$WORK/dpkg")"
    inside dpkg --purge "$package" >"$WORK/dpkg" 2>&1 || fail "$package: purge: $(cat "$WORK/dpkg")"
    rm "$ROOT/older.deb" "$ROOT/new.deb"
    snapshot >"$WORK/after"
    diff "$WORK/before" "$WORK/after" >"$WORK/left" || fail "$package: purge does not leave what was before: $(head -20 "$WORK/left")"
    echo "$package: installed, upgraded and purged"
}

mkdir -p "$PACKAGES"
[ -s "$BASE" ] || make_base
[ "$BASE_ONLY" = 0 ] || exit 0
rm -f "$PACKAGES"/*.deb
etc/packages/build.sh ${PUBLISHED[@]+"${PUBLISHED[@]}"} ${NAMES[@]+"${NAMES[@]}"}
lintian --fail-on error --allow-root "$PACKAGES"/*.deb
for deb in "$PACKAGES"/*.deb; do
    name=${deb##*/openstack-sev-}
    story "${name%%_*}"
done
