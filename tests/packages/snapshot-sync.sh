# What has to be true of openstack-sev-snapshot-sync. Part of tests/packages.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of packages.sh: ROOT WORK

installed_snapshot-sync() {
    grep -q '^openstack-sev-sync:' "$ROOT/etc/passwd" || fail "no user openstack-sev-sync"
    mode /etc/openstack-sev/snapshot-sync.env "640 root:root"
    unit openstack-sev-snapshot-sync "failed 78"
    says '^error: keys.missing: '
}

purged_snapshot-sync() { kept_for_root clouds.yaml; }

configured_snapshot-sync() {
    secret clouds.yaml openstack-sev-sync
    # a key on P-384, as 'osev snapshot-sync keys' would have fetched it
    inside python3 - >"$ROOT/etc/openstack-sev/snapshot-keys.json" <<'END'
import base64, json
from cryptography.hazmat.primitives.asymmetric import ec
numbers = ec.generate_private_key(ec.SECP384R1()).public_key().public_numbers()
text = lambda number: base64.urlsafe_b64encode(number.to_bytes(48, "big")).rstrip(b"=").decode()
print(json.dumps({"keys": [{"kty": "EC", "crv": "P-384", "x": text(numbers.x), "y": text(numbers.y), "kid": "k", "use": "sig", "alg": "ES384"}]}))
END
    unit openstack-sev-snapshot-sync "failed 78"
    says '^error: .*cloud'
    cat >>"$ROOT/etc/openstack-sev/snapshot-sync.env" <<'END'
OS_AUTH_URL=http://127.0.0.1:5000/v3
OS_USERNAME=openstack-sev
OS_PASSWORD=secret
OS_PROJECT_NAME=service
OS_USER_DOMAIN_NAME=Default
OS_PROJECT_DOMAIN_NAME=Default
END
    # Keystone is away: it runs, says so, and asks again
    unit_says openstack-sev-snapshot-sync '^down: '
    mode /var/lib/openstack-sev/scheduling "755 openstack-sev-sync:openstack-sev-sync"
}

upgraded_snapshot-sync() {
    grep -q '^OS_USERNAME=' "$ROOT/etc/openstack-sev/snapshot-sync.env" || fail "the configuration is another one after the upgrade"
    unit openstack-sev-snapshot-sync ready
}
