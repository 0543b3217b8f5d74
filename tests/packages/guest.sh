# What has to be true of openstack-sev-guest. Part of tests/packages.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of packages.sh: ROOT WORK

installed_guest() {
    [ -x "$ROOT/usr/bin/openstack-sev-guest" ] || fail "no program"
    documented guest
    grep -q '^openstack-sev:' "$ROOT/etc/group" || fail "no group openstack-sev"
    # a key is made before anything is looked for: OpenSSL is found and works
    local code=0
    inside openstack-sev-guest run --once --instructions /none >"$WORK/out" 2>&1 || code=$?
    grep -q '^error: guest.instructions' "$WORK/out" || code=0
    [ "$code" = 3 ] || fail "run --once: $(cat "$WORK/out")"
}

# It needs no configuration: where nobody asks for a proof, it waits.
configured_guest() { unit openstack-sev-guest ready; }
upgraded_guest() { installed_guest; configured_guest; }
