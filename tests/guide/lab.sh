# What a lab has otherwise than a cloud: the words after "lab:" in comments of etc/README.md. Run by run.py, inside.
# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # of the guide: NAME NODE and others; of run.py: ADDRESS PORT STATE

# the guide's own words, as they are here; and nothing of a run before
site() {
    export OS_CLIENT_CONFIG_FILE=$STATE/clouds.yaml OS_CLOUD=osev OS_COMPUTE_API_VERSION=2.90
    NAME=$ADDRESS SAN=IP:$ADDRESS KEYSTONE=http://198.18.34.2:5000/v3 NODE=compute3 NIC=none
    PASSWORD=guide-1 NODE_PASSWORD=guide-2
    openstack server list --all-projects -f value -c ID | xargs -r openstack server delete --wait
    openstack flavor delete snp.small || true
    openstack image list --name debian-snp -f value -c ID | xargs -r openstack image delete
    openstack service delete attestation || true
    openstack user delete openstack-sev openstack-sev-node || true
}

# Nova believes it, where up.sh was told that it would be. Another control plane of this machine may have the usual port of metrics.
certificate() {
    cp /etc/openstack-sev/control.crt "$STATE/guide.crt"
    mkdir -p /etc/openstack-sev/openstack-sev.conf.d
    printf '[metrics]\nbind_port = %s\n' $((PORT + 1)) >/etc/openstack-sev/openstack-sev.conf.d/lab.conf
}

# roots, chips and revocation lists of a simulation, by which nobody is believed who is not named
endorsements() {
    local root
    osev simulate chain --product turin --out /guide/amd
    runuser -u openstack-sev -- osev endorsements import /guide/amd/ark.pem /guide/amd/ask.pem /guide/amd/vcek.crl \
        --folder /var/lib/openstack-sev/control/endorsements --simulated-root /guide/amd/ark.pem
    root=$(openssl x509 -in /guide/amd/ark.pem -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
    cat >>/etc/openstack-sev/openstack-sev.conf.d/lab.conf <<END
[endorsements]
use_kds = false
simulated_roots = $root
[hosts]
heartbeat_interval = 5
[sweep]
interval = 5
nudge_after = 10
END
    systemctl restart openstack-sev-control
}

# a machine with SEV-SNP is a folder
node() {
    osev simulate host --model turin --asids 6 --min-sev-asid 4 --out /guide/machine
    cat >/etc/openstack-sev/agent.conf.d/lab.conf <<END
[DEFAULT]
platform_root = /guide/machine
[capacity]
node_name = $NODE
interval = 10
start_jitter = 0
END
}

# of an image the control plane sees what Glance says of it
image() { qemu-img create -q -f qcow2 debian-snp.qcow2 1M; }

# machine SERVER: what runs in a server is its attester, before a simulated security processor and Nova's metadata
machine() {
    local chip project
    apt-get install -y --no-install-recommends ./openstack-sev-guest_*.deb
    chip=$(osev facts --root /guide/machine -f json | grep -A1 '"chip_ids"' | grep -o '[0-9a-f]\{16\}' | head -1)
    project=$(openstack server show "$1" -f value -c project_id)
    osev simulate guest --chain /guide/amd --chip-id "$chip" --tcb 1/1/1/3/72 --out /guide/tsm >/guide/processor.log 2>&1 </dev/null &
    python3 /guide/metadata_proxy.py "$STATE" $((PORT + 2)) "$1" "$project" >/guide/metadata.log 2>&1 </dev/null &
    mkdir -p /run/openstack-sev
    openstack-sev-guest run --metadata "http://127.0.0.1:$((PORT + 2))/openstack/latest/" --tsm /guide/tsm --nudge-interval 10 >/guide/guest.log 2>&1 </dev/null &
}

# published some|nothing: what Placement has of us, our providers and our traits on those of others
published() {
    local token placement provider traits all='' found=nothing
    token=$(openstack token issue -f value -c id)
    placement=$(openstack endpoint list --service placement --interface public -f value -c URL)
    for provider in $(osev resource provider list -f csv -c uuid | sed 1d); do
        traits=$(curl -fsS -H "X-Auth-Token: $token" -H 'OpenStack-API-Version: placement 1.36' "$placement/resource_providers/$provider/traits")
        all+=$traits
    done
    # a judgement, a fact and a provider; Nova's own traits stay, and those of others, whatever they are called (CUSTOM_SEV_POOL_A)
    if [[ $all == *CUSTOM_SEV_TRUSTED* && $all == *CUSTOM_SEV_CPU_TURIN* && $all == *CUSTOM_OWNER_OPENSTACKSEV* ]]; then found=some
    elif [[ $all =~ CUSTOM_SEV_(TRUSTED|QUARANTINED|TCB|CPU|SMT|CIPHERTEXT|ALIAS|IOMMU)|OPENSTACKSEV || $all != *COMPUTE_NODE* ]]; then found="$all"; fi
    [ "$found" = "$1" ] || { echo "Placement has $found of us, and not $1"; return 1; }
}

# until COMMAND...: it does what a person would wait for
until_done() {
    local end=$((SECONDS + 300))
    until "$@"; do
        [ $SECONDS -lt $end ] || { echo "not within 300 s: $*"; return 1; }
        sleep 1
    done
}
