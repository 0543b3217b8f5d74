# Part of quickstart.sh: hosts earn trust, nova-scheduler's filter goes by it, and a host that is set aside gets no confidential server.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of quickstart.sh: HERE URL OSEV RELEASE STATE_DIR

# Where Nova launches SEV-SNP compute3 is trusted by the report of demo-snp that its chip signed. On Zed no guest can prove anything: there the
# operator says that a host's own word is enough.
by_their_word() {
    local number
    cat >"$HERE/policy.json" <<'END'
{ "version": 1, "name": "quickstart", "hosts": { "earned_by": "platform" } }
END
    run cat "$HERE/policy.json"
    typed "$OSEV" policy store "$HERE/policy.json"
    number=$("$OSEV" policy store "$HERE/policy.json" -f json | grep -o '"number": [0-9]*' | grep -o '[0-9]*')
    run "$OSEV" policy activate "$number"
}

trust_of() { "$OSEV" host show "$1" -f json | /usr/bin/python3 -c 'import json, sys; print((json.load(sys.stdin).get("trust") or {}).get("level"))'; }

wait_trust() { # NODE WORD
    local end=$((SECONDS + 90))
    until [ "$(trust_of "$1")" = "$2" ]; do
        [ $SECONDS -lt $end ] || die "$1 is $(trust_of "$1"), not $2, after 90 s" "osev host show $1"
        sleep 1
    done
}

# What the scheduler knows: the control plane's signed word, in a file beside it, by keys that an operator puts there once.
start_sync() {
    local file=$STATE_DIR/trust/snapshot keys=$STATE_DIR/trust/snapshot-keys.json
    stop sync
    rm -f "$file"
    run "$OSEV" snapshot-sync keys --file "$keys" --replace
    background sync "$OSEV" snapshot-sync --file "$file" --keys "$keys" --interval 1s
    local end=$((SECONDS + 30))
    until [ -s "$file" ]; do
        [ $SECONDS -lt $end ] || die "no snapshot within 30 s" "see $HERE/sync.log"
        sleep 1
    done
}

# the scheduler's file says so, and its filter has looked at it: it does once a second
wait_known() { # NODE WORD
    local uuid end=$((SECONDS + 60)) file=$STATE_DIR/trust/snapshot
    uuid=$("$OSEV" resource provider list --name "$1" -f csv -c uuid | tail -1)
    until known "$file" "$uuid" "$2"; do
        [ $SECONDS -lt $end ] || die "the scheduler does not know that $1 is $2" "see $HERE/sync.log"
        sleep 1
    done
    sleep 2
}

known() { # FILE UUID WORD
    /usr/bin/python3 - "$@" <<'END'
import base64, json, sys
part = open(sys.argv[1]).read().split('.')[1]
hosts = json.loads(base64.urlsafe_b64decode(part + '=' * (-len(part) % 4)))['hosts']
sys.exit(not any(host['node'] == sys.argv[2] and host['trust'] == sys.argv[3] for host in hosts))
END
}

if [ "$RELEASE" = 2026.2 ]; then TRUSTED=compute3 ASIDE=compute2 IMAGE=demo-snp-image
else TRUSTED=compute2 ASIDE=compute1 IMAGE=demo-sev-image; fi

say "hosts earn trust: by what their chips signed for a guest, or by their own word where policy says that it is enough"
[ "$RELEASE" = 2026.2 ] || by_their_word
wait_trust "$TRUSTED" trusted
run "$OSEV" host list
run "$OSEV" host show "$TRUSTED"

say "beside nova-scheduler: the control plane's signed word, fetched each second, and a flavor whose servers go to trusted hosts only"
start_sync
if [ "$RELEASE" = 2026.2 ]; then
    flavor demo.trusted --ram 64 --disk 1 --vcpus 1 --property hw:mem_encryption=true --property hw:mem_encryption_model=amd-sev-snp --property sev:trust=required
else
    flavor demo.trusted --ram 64 --disk 1 --vcpus 1 --property hw:mem_encryption=true --property sev:trust=required
    # the five before have taken all that compute1 has
    run openstack server delete demo-1 demo-2 demo-3 demo-4 demo-5 --wait
fi

say "an operator sets $ASIDE aside: a server that asks for it is refused, and the next one comes to $TRUSTED"
run "$OSEV" host quarantine "$ASIDE" --reason "firmware is being looked at"
wait_known "$ASIDE" quarantined
for name in demo-refused demo-trusted; do openstack server delete "$name" --wait >/dev/null 2>&1 || true; done
run openstack server create demo-refused --flavor demo.trusted --image "$IMAGE" --nic none --host "$ASIDE" -f value -c name
boot demo-refused demo.trusted "$IMAGE"
[ "$(server_status demo-refused)" = ERROR ] || die "demo-refused is $(server_status demo-refused)" "see $STATE_DIR/log/nova-scheduler.log"
echo "nova-scheduler says why:"
grep "may not run $(openstack server show demo-refused -f value -c id)" "$STATE_DIR/log/nova-scheduler.log" | grep -o "compute.*" | sed 's/\x1b\[[0-9;]*m//g' | tail -1
boot demo-trusted demo.trusted "$IMAGE"
placed=$(openstack server show demo-trusted -f value -c OS-EXT-SRV-ATTR:hypervisor_hostname)
echo "demo-trusted: on $placed"
[ "$placed" = "$TRUSTED" ] || die "demo-trusted is on '$placed'" "see $STATE_DIR/log/nova-scheduler.log"
run "$OSEV" host release "$ASIDE"
run "$OSEV" host history "$ASIDE" --limit 4
