#!/usr/bin/env bash
# The main job on one machine: a real OpenStack with three simulated SEV hosts, an agent on each that publishes true capacity to
# Placement and reports to the control plane, and servers that are scheduled onto it until the ASIDs are used up. On 2026.2, whose Nova
# launches SEV-SNP, a running server also proves itself, again and again: before, while and after its host has old firmware. At its end a host
# is set aside: nova-scheduler refuses it a confidential server, and takes a trusted one.
# usage: devstack/quickstart.sh [--release zed|2026.2]          bring it up, run it, show it, leave it running (default: zed)
#        devstack/quickstart.sh [--release ...] --stop [--purge]   stop all of it; --purge also removes its state
#        devstack/quickstart.sh [--release ...] --stop-agents      stop agents and control plane, leave the OpenStack
# Needs: Debian 12, root, the .NET 10 SDK. Installs the packages that it needs. STATE_DIR holds all state (see devstack/local/README.md).
set -euo pipefail
cd "$(dirname "$0")/.."
RELEASE=zed
if [ "${1:-}" = --release ]; then RELEASE=${2:?"--release takes zed or 2026.2"}; shift 2; fi
# What differs: where the state is, where the control plane listens, and what each Nova says that it can launch.
# Nova of 2026.2 lives in a network namespace, and reaches this machine at the address before its own.
NOVA=${OSEV_IP:-198.18.34.2}
case $RELEASE in
    zed) DEFAULT_STATE=/var/lib/osev-stack ADDRESS=127.0.0.1 PORT=9520 CONTEXTS=compute1=2,compute2=unlimited,compute3=0 ;;
    2026.2) DEFAULT_STATE=/var/lib/osev-stack-2026.2 ADDRESS=${NOVA%.*}.$((${NOVA##*.} - 1)) PORT=9530
        CONTEXTS=compute1=2,compute2=sev:unlimited+sev_snp:2,compute3=sev_snp:3 ;;
    *) printf 'error: no release %s\nhint: zed or 2026.2\n' "$RELEASE" >&2; exit 64 ;;
esac
export STATE_DIR=${STATE_DIR:-$DEFAULT_STATE} DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
HERE=$STATE_DIR/quickstart
URL=https://$ADDRESS:$PORT
COMPUTES=(compute1 compute2 compute3)
OSEV=$PWD/src/OpenStackSev.Cli/bin/Release/net10.0/osev
AGENT=$PWD/src/OpenStackSev.Agent/bin/Release/net10.0/openstack-sev-agent
CONTROL=$PWD/src/OpenStackSev.Control/bin/Release/net10.0/openstack-sev-control
GUEST=$PWD/src/OpenStackSev.Guest/bin/Release/net10.0/openstack-sev-guest

say() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
die() { printf 'error: %s\nhint: %s\n' "$1" "$2" >&2; exit 1; }
# a command as it could be typed where the programs are found by PATH
typed() {
    local program text=$*
    for program in "$OSEV" "$CONTROL" "$GUEST"; do text=${text//"$program"/${program##*/}}; done
    printf '$ %s\n' "$text"
}
# shows a command, then runs it
run() { typed "$@"; "$@"; }

need() {
    [ "$(id -u)" = 0 ] || die "the services of a real OpenStack need root" "sudo devstack/quickstart.sh"
    command -v apt-get >/dev/null || die "this is no Debian: apt-get is not there" "use a Debian 12 machine or container"
    command -v dotnet >/dev/null || die "the .NET SDK is not there" "install .NET SDK 10 first"
    for tool in openssl curl; do command -v "$tool" >/dev/null || die "$tool is not there" "apt-get install $tool"; done
    dotnet --list-sdks | grep -q '^10\.' || die "the .NET SDK is not of version 10: $(dotnet --list-sdks | xargs)" "install .NET SDK 10"
}

# start NAME PROGRAM [ARGUMENT...]: in the background, with $HERE/NAME.pid; its output is $HERE/NAME.log
start() {
    local name=$1 program=$2
    shift 2
    start-stop-daemon --start --quiet --oknodo --background --make-pidfile --pidfile "$HERE/$name.pid" --output "$HERE/$name.log" --exec "$program" -- "$@"
}

# background NAME PROGRAM [ARGUMENT...]: shows a command, then starts it
background() { typed "${@:2}" '&'; start "$@"; }

# stop NAME...: by pid file and the process's name, as the kernel cuts it: also one that another checkout started
stop() {
    local name program
    for name in "$@"; do
        case $name in
            control) program=openstack-sev-c ;;
            guest) program=openstack-sev-g ;;
            processor | sync) program=osev ;;
            metadata) program=python3 ;;
            *) program=openstack-sev-a ;;
        esac
        [ ! -e "$HERE/$name.pid" ] ||
            start-stop-daemon --stop --quiet --oknodo --retry 10 --remove-pidfile --pidfile "$HERE/$name.pid" --name "$program" || true
    done
}

stop_agents() {
    local file
    rm -f "$STATE_DIR"/trust/snapshot
    for file in "$HERE"/*.pid; do stop "$(basename "$file" .pid)"; done
}

setting() { sed -n "s/^$1=//p" "$STATE_DIR/settings"; }

# The service's user and its place in Keystone's catalogue, as an operator registers any OpenStack service.
register() {
    local interface endpoint
    openstack user show openstack-sev -f value -c id >/dev/null 2>&1 ||
        run openstack user create openstack-sev --password "$(setting PASSWORD)" -f value -c name
    run openstack role add --user openstack-sev --project service service
    run openstack role add --user openstack-sev --project service admin
    openstack service show attestation -f value -c id >/dev/null 2>&1 ||
        run openstack service create attestation --name openstack-sev --description "Confidential VMs: proof and enrolment" -f value -c type
    for interface in public internal admin; do
        endpoint=$(openstack endpoint list --service attestation --interface "$interface" -f value -c ID)
        if [ -n "$endpoint" ]; then openstack endpoint set "$endpoint" --url "$URL"
        else run openstack endpoint create attestation "$interface" "$URL" --region RegionOne -f value -c url; fi
    done
}

# The control plane's certificate, which is its own authority.
make_server_certificate() {
    local folder=$HERE/control
    mkdir -p "$folder"
    if openssl x509 -in "$folder/server.crt" -noout -checkip "$ADDRESS" 2>/dev/null | grep -q 'does match'; then return; fi
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$ADDRESS" \
        -addext "subjectAltName=IP:$ADDRESS" -keyout "$folder/server.key" -out "$folder/server.crt" 2>"$folder/openssl.log"
}

# A root, an intermediate and a revocation list like AMD's. The control plane trusts simulated roots only when it is told by name.
make_simulated_chain() {
    local amd=$HERE/amd
    [ -e "$amd/ark.pem" ] || run "$OSEV" simulate chain --product turin --out "$amd"
    run "$OSEV" endorsements import "$amd/ark.pem" "$amd/ask.pem" "$amd/vcek.crl" \
        --folder "$HERE/control/state/endorsements" --simulated-root "$amd/ark.pem"
    SIMULATED_ROOT=$(openssl x509 -in "$amd/ark.pem" -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f)
}

start_control() {
    local folder=$HERE/control
    # osev and the agents check that certificate: it is the cacert of their own copy of the stack's clouds.yaml
    sed "s|^    identity_api_version: 3|&\n    cacert: $folder/server.crt|" "$STATE_DIR/clouds.yaml" >"$HERE/clouds.yaml"
    chmod 600 "$HERE/clouds.yaml"
    (umask 077; cat >"$folder/openstack-sev.conf") <<EOF
[DEFAULT]
state_dir = $folder/state
[api]
bind_host = $ADDRESS
bind_port = $PORT
public_endpoint = $URL
tls_cert = $folder/server.crt
tls_key = $folder/server.key
[metrics]
bind_port = $((PORT + 1))
[keystone_authtoken]
auth_url = http://$(setting IP):$(setting KPORT)/v3
username = openstack-sev
password = $(setting PASSWORD)
user_domain_id = default
project_name = service
project_domain_id = default
[hosts]
node_ca = $HERE/node-ca
heartbeat_interval = 10
[reattestation]
guest_ca = $folder/server.crt
[sweep]
interval = 5
[endorsements]
use_kds = false
simulated_roots = $SIMULATED_ROOT
EOF
    # From the beginning: policies and verdicts of a run before would judge this one.
    stop control
    rm -f "$folder"/state/control.sqlite*
    run "$CONTROL" manage db sync --config-file "$folder/openstack-sev.conf"
    start control "$CONTROL" --config-file "$folder/openstack-sev.conf"
    local end=$((SECONDS + 60))
    until [ "$(curl -s --cacert "$folder/server.crt" "$URL/healthcheck")" = OK ]; do
        [ $SECONDS -lt $end ] || die "the control plane does not answer within 60 s" "see $HERE/control.log"
        sleep 1
    done
}

# The node's certificate, by the UUID that Nova gave it. Handed out here; on a real node the key is made there (--csr).
issue_certificate() { # NODE
    local uuid
    uuid=$("$OSEV" resource provider list --name "$1" -f csv -c uuid | tail -1)
    [ -e "$HERE/node-ca/ca.pem" ] || run "$OSEV" host certificate init --ca "$HERE/node-ca"
    [ -e "$HERE/$1/$uuid.crt" ] || run "$OSEV" host certificate issue "$uuid" --ca "$HERE/node-ca" --out "$HERE/$1"
    ln -sf "$uuid.crt" "$HERE/$1/node.crt"
    ln -sf "$uuid.key" "$HERE/$1/node.key"
}

install_client() {
    dpkg-query -W -f '${Status}' python3-openstackclient 2>/dev/null | grep -q 'install ok installed' && return
    DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
        install python3-openstackclient >"$HERE/apt.log" 2>&1 </dev/null || { tail -5 "$HERE/apt.log"; die "apt-get failed" "see $HERE/apt.log"; }
}

start_agent() { # NODE
    local folder=$HERE/$1
    mkdir -p "$folder"
    cat >"$folder/agent.conf" <<EOF
[DEFAULT]
state_dir = $folder/state
platform_root = $folder/machine
[openstack]
cloud = osev
clouds_file = $HERE/clouds.yaml
[capacity]
node_name = $1
interval = 10
start_jitter = 0
[control]
certificate = $folder/node.crt
key = $folder/node.key
cafile = $HERE/control/server.crt
EOF
    start "$1" "$AGENT" --config-file "$folder/agent.conf"
}

published() { "$OSEV" resource provider list --name "$1" | grep -qF "$1"; }

wait_published() { # PROVIDER
    local end=$((SECONDS + 60))
    until published "$1"; do
        [ $SECONDS -lt $end ] || die "$1 was not published within 60 s" "see $HERE/${1%%:*}.log"
        sleep 1
    done
}

wait_reported() { # NODE...
    local node end=$((SECONDS + 90))
    for node in "$@"; do
        until "$OSEV" host list -f csv -c name 2>/dev/null | grep -qx "$node"; do
            [ $SECONDS -lt $end ] || die "$node did not report within 90 s" "see $HERE/$node.log and $HERE/control.log"
            sleep 1
        done
    done
}

server_status() { openstack server show "$1" -f value -c status 2>/dev/null || echo ABSENT; }

# Made anew: somebody may have tried something with it. Servers keep what it was when they were made.
flavor() { # NAME OPTION...
    openstack flavor delete "$1" >/dev/null 2>&1 || true
    run openstack flavor create "$@" -f value -c name
}

boot() { # NAME [FLAVOR IMAGE]
    local end=$((SECONDS + 60)) status
    [ "$(server_status "$1")" = ABSENT ] && run openstack server create "$1" --flavor "${2:-demo.sev}" --image "${3:-demo-sev-image}" --nic none -f value -c name
    while status=$(server_status "$1"); [ "$status" != ACTIVE ] && [ "$status" != ERROR ]; do
        [ $SECONDS -lt $end ] || die "server $1 is still $status" "see $STATE_DIR/log/nova-scheduler.log"
        sleep 1
    done
    echo "$1: $status"
}

case "${1:-}" in
    --stop) shift; stop_agents; exec devstack/local/down.sh --release "$RELEASE" "$@" ;;
    --stop-agents) stop_agents; exit 0 ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    '') ;;
    *) die "unknown option $1" "devstack/quickstart.sh --help" ;;
esac

need
mkdir -p "$HERE"
say "a real OpenStack ($RELEASE), with three fake computes"
echo "compute1 offers 2 plain SEV guests, compute2 'without limit' (Zed's default, which is wrong), compute3 none"
make_server_certificate
# where and with which ticket to prove itself a server learns from Nova, which asks the control plane
[ "$RELEASE" != 2026.2 ] || export OSEV_VENDORDATA_URL=$URL/v1/vendordata OSEV_VENDORDATA_CA=$HERE/control/server.crt
devstack/local/up.sh --release "$RELEASE" --computes 3 --mem-encryption "$CONTEXTS"
install_client
export OS_CLIENT_CONFIG_FILE=$STATE_DIR/clouds.yaml OS_CLOUD=osev OS_COMPUTE_API_VERSION=2.90

say "the control plane, the agent and osev"
for program in OpenStackSev.Control OpenStackSev.Agent OpenStackSev.Guest OpenStackSev.Cli; do
    dotnet build "src/$program" -c Release -v quiet --nologo >"$HERE/build.log" 2>&1 || {
        grep error "$HERE/build.log" | sort -u | head -5
        die "$program does not build" "see $HERE/build.log"
    }
done

say "the control plane, registered in Keystone's catalogue"
make_simulated_chain
register
start_control
export OS_CLIENT_CONFIG_FILE=$HERE/clouds.yaml

say "three simulated SEV hosts, an agent on each, which speaks to the control plane by its node's certificate"
simulate() { # NODE MODEL ASIDS MINIMUM
    local folder=$HERE/$1/machine
    [ -e "$folder/dev/sev.get_id2" ] || run "$OSEV" simulate host --model "$2" --asids "$3" --min-sev-asid "$4" --out "$folder"
}
simulate compute1 rome 2 1
simulate compute2 milan 4 3
simulate compute3 turin 6 4
for compute in "${COMPUTES[@]}"; do issue_certificate "$compute"; done
for compute in "${COMPUTES[@]}"; do start_agent "$compute"; done
for compute in "${COMPUTES[@]}"; do wait_published "$compute:sev"; done

say "hosts report, and wait for somebody who says that their chips are theirs"
wait_reported "${COMPUTES[@]}"
run "$OSEV" host list
for compute in "${COMPUTES[@]}"; do
    typed "$OSEV" host approve "$compute"
    "$OSEV" host approve "$compute" >/dev/null
done
run "$OSEV" host list -c name -c enrolment -c heard -c product
run "$OSEV" host history compute2 --limit 3

say "a flavor that asks Nova for encryption and is held to our true count; an image that can boot it"
openstack image show demo-sev-image >/dev/null 2>&1 || {
    head -c 1024 /dev/zero >"$HERE/empty.raw"
    run openstack image create demo-sev-image --public --disk-format raw --container-format bare --file "$HERE/empty.raw" \
        --property hw_firmware_type=uefi --property hw_machine_type=q35 -f value -c name
}
flavor demo.sev --ram 64 --disk 1 --vcpus 1 --property hw:mem_encryption=true --property resources:CUSTOM_SEV_ASID=1

say "five servers for four ASIDs"
for number in 1 2 3 4 5; do boot "demo-$number"; done
openstack server show demo-5 -f json -c fault | grep -o '"message": "[^"]*"' | head -1

if [ "$RELEASE" = 2026.2 ]; then
    say "this Nova launches SEV-SNP: three allocations, Nova's and ours"
    openstack image show demo-snp-image >/dev/null 2>&1 ||
        run openstack image create demo-snp-image --public --disk-format raw --container-format bare --file "$HERE/empty.raw" \
            --property hw_firmware_type=uefi --property hw_machine_type=q35 --property hw_firmware_stateless=true -f value -c name
    flavor demo.snp --ram 64 --disk 1 --vcpus 1 --property hw:mem_encryption=true --property hw:mem_encryption_model=amd-sev-snp \
        --property resources:CUSTOM_SEV_SNP_ASID=1 --property trait:CUSTOM_SEV_SNP=required --property trait:CUSTOM_SEV_CPU_TURIN=required
    boot demo-snp demo.snp demo-snp-image
    # shellcheck source=proof.sh
    . devstack/proof.sh
else
    say "a running server that proves itself is not shown: Nova of $RELEASE launches no SEV-SNP; --release 2026.2 shows it"
fi

say "what Placement now holds"
run "$OSEV" capacity show

say "what the agent says about compute2, whose Nova offers more than the chip has"
grep -m1 capacity.nova.overcommits "$HERE/compute2.log" || true

# shellcheck source=trust.sh
. devstack/trust.sh

ln -sf "$OSEV" "$GUEST" "$CONTROL" "$HERE"
cat <<EOF

All of this is simulated hardware on a real control plane, and it is still running. Look around:
  export OS_CLIENT_CONFIG_FILE=$HERE/clouds.yaml OS_CLOUD=osev OS_COMPUTE_API_VERSION=2.90 PATH=$HERE:\$PATH
  osev capacity show compute2; osev server list; osev resource provider list; osev facts --root $HERE/compute3/machine
  osev host show compute2; osev host certificate list --ca $HERE/node-ca; curl -s http://127.0.0.1:$((PORT + 1))/metrics | head
  openstack server delete demo-trusted; osev capacity show $TRUSTED
Stop it with:
  devstack/quickstart.sh --release $RELEASE --stop            (--stop --purge also removes its state)
EOF
