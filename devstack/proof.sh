# Part of quickstart.sh: demo-snp proves itself, again and again, while the firmware of its host is rolled back and repaired.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of quickstart.sh: HERE URL OSEV GUEST

# As compute3 itself says of its firmware: a chip that signs something else speaks against its host.
FIRMWARE=1/1/1/3/72

# There is no guest: a folder stands for the security processor that the kernel would ask, at the chip of compute3. The attester is the
# one of a real guest, and asks Nova's metadata API, through what stands for Neutron's proxy.
start_guest() {
    local project chip proxy=http://127.0.0.1:$((PORT + 2))/openstack/latest/
    SERVER=$(openstack server show demo-snp -f value -c id)
    project=$(openstack server show demo-snp -f value -c project_id)
    chip=$("$OSEV" facts --root "$HERE/compute3/machine" -f json | grep -A1 '"chip_ids"' | grep -o '[0-9a-f]\{16\}' | head -1)
    stop guest processor metadata
    background processor "$OSEV" simulate guest --chain "$HERE/amd" --chip-id "$chip" --tcb "$FIRMWARE" --out "$HERE/tsm"
    background metadata /usr/bin/python3 "$PWD/devstack/local/python/metadata_proxy.py" "$STATE_DIR" $((PORT + 2)) "$SERVER" "$project"
    background guest "$GUEST" run --metadata "$proxy" --tsm "$HERE/tsm" --runtime-dir "$HERE/guest" --nudge-interval 10
}

# shows a command of which only the exit code is a problem: it is the verdict that is asked for, or not
verdict() { # EXIT_CODE COMMAND...
    local wanted=$1 code=0
    shift
    run "$@" || code=$?
    echo "(exit code $code)"
    [ $code = "$wanted" ] || die "exit code $code is not the expected $wanted" "see $HERE/guest.log and $HERE/control.log"
}

# the first round comes by itself, as soon as the attester has its ticket
wait_affirming() {
    local end=$((SECONDS + 120))
    until "$OSEV" attest instance "$SERVER" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || die "demo-snp has not proved itself within 120 s" "see $HERE/guest.log and $HERE/control.log"
        sleep 1
    done
}

minimum_tcb() {
    local number
    cat >"$HERE/policy.json" <<'END'
{ "version": 1, "name": "quickstart", "minimum_tcb": { "turin": { "fmc": 1, "bootloader": 1, "tee": 1, "snp": 3, "microcode": 72 } } }
END
    run cat "$HERE/policy.json"
    typed "$OSEV" policy store "$HERE/policy.json"
    number=$("$OSEV" policy store "$HERE/policy.json" -f json | grep -o '"number": [0-9]*' | grep -o '[0-9]*')
    run "$OSEV" policy activate "$number"
}

say "demo-snp proves itself (SIMULATED: a folder stands for its security processor, everything else is as it ships)"
start_guest
wait_affirming
verdict 0 "$OSEV" attest instance "$SERVER"

say "what its workload hands to whoever wants proof: a token, which names the guest's key; checked with the control plane's public keys"
run "$GUEST" token --runtime-dir "$HERE/guest"
"$GUEST" token --runtime-dir "$HERE/guest" >"$HERE/token.jwt"
run curl -s --cacert "$HERE/control/server.crt" -o "$HERE/jwks.json" "$URL/.well-known/jwks.json"
echo "a simulated root is refused unless it is asked for, and then no more than a warning:"
verdict 2 "$OSEV" attest token verify "$HERE/token.jwt" --keys "$HERE/jwks.json" --issuer "$URL"
verdict 1 "$OSEV" attest token verify "$HERE/token.jwt" --keys "$HERE/jwks.json" --issuer "$URL" --accept-simulated

say "an operator says which firmware is the least, and the host of demo-snp is rolled back below it"
minimum_tcb
run "$OSEV" simulate guest --out "$HERE/tsm" --set-tcb 1/1/1/2/70
verdict 2 "$OSEV" attest instance "$SERVER" --now --wait
run "$OSEV" instance show "$SERVER"

say "the firmware is repaired"
run "$OSEV" simulate guest --out "$HERE/tsm" --set-tcb "$FIRMWARE"
verdict 0 "$OSEV" attest instance "$SERVER" --now --wait
run "$OSEV" instance list -c name -c model -c status -c verdict -c findings

say "what happened to it, and why"
run "$OSEV" history "$SERVER"
run "$OSEV" incident "$SERVER"
