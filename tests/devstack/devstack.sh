#!/bin/bash
# A stand-in for DevStack, for one run of stack.sh, unstack.sh or clean.sh with this plugin and no other.
# usage: devstack.sh stack [PHASE...] | unstack | clean       all phases of stack when none is named
#
# What DevStack offers a plugin is here by name: each function checks what it is given (number and form of its arguments), writes itself down in
# $CALLS, and does to files what DevStack's does. A name that is not here is no function of DevStack's: the run ends with it. So does a write outside
# of $SANDBOX. It was written from DevStack's own functions-common, functions, inc/ and lib/ (2025), of which no line is here.
# shellcheck disable=SC2034  # what is set and not used is for the plugin

: "${SANDBOX:?}" "${CALLS:?}" "${PLUGIN:?}"

# --- what localrc and stackrc set, unless the test has set it

STACK_USER=${STACK_USER:-$(id -un)}
DEST=$SANDBOX/opt/stack
DATA_DIR=$DEST/data
SYSTEMD_DIR=$SANDBOX/etc/systemd/system
SYSTEMCTL=systemctl_of_devstack
SERVICE_HOST=${SERVICE_HOST:-127.0.0.1}
SERVICE_LISTEN_ADDRESS=${SERVICE_LISTEN_ADDRESS:-0.0.0.0}
SERVICE_TIMEOUT=60
SERVICE_PASSWORD=stacksecret
SERVICE_DOMAIN_NAME=Default
SERVICE_PROJECT_NAME=service
REGION_NAME=RegionOne
KEYSTONE_SERVICE_URI=${KEYSTONE_SERVICE_URI:-http://127.0.0.1:1/identity}
ENABLE_DEBUG_LOG_LEVEL=True
RABBIT_USERID=stackrabbit RABBIT_PASSWORD=rabbitsecret RABBIT_HOST=$SERVICE_HOST
NOVA_CONF_DIR=$SANDBOX/etc/nova
NOVA_CONF=$NOVA_CONF_DIR/nova.conf
NOVA_STATE_PATH=$DATA_DIR/nova
SSL_BUNDLE_FILE=$DATA_DIR/ca-bundle.pem
ENABLED_SERVICES=${ENABLED_SERVICES-key,rabbit,n-api,n-sch,n-cond,n-cpu,n-api-meta,placement-api,g-api}
DISABLED_SERVICES=${DISABLED_SERVICES-}

# --- the stand-ins' own

function written_down {
    local IFS=$'\x1f'
    printf '%s\n' "${*//$'\n'/ }" >>"$CALLS"
}

# refused WHY...: the plugin did what DevStack would not take
function refused {
    written_down REFUSED "$*"
    printf 'REFUSED: %s (%s:%s)\n' "$*" "${BASH_SOURCE[2]##*/}" "${BASH_LINENO[1]}" >&2
    exit 99
}

# takes LEAST MOST ARGUMENTS...: of the function that calls it
function takes {
    local least=$1 most=$2
    shift 2
    written_down "${FUNCNAME[1]}" "$@"
    [[ $# -ge $least && $# -le $most ]] || refused "${FUNCNAME[1]} takes $least to $most arguments, and got $#: $*"
}

function command_not_found_handle {
    written_down REFUSED "$1"
    printf 'REFUSED: no such function of DevStack, and no such program: %s\n' "$1" >&2
    # of the subshell that bash starts for it; the run ends by its code, or by the line in CALLS
    exit 99
}

function in_sandbox {
    [[ "$1" != /* || "$1" == "$SANDBOX"/* ]] || refused "outside of the sandbox: $1"
}

# --- functions-common: configuration

function ini_arguments {
    in_sandbox "$1"
    [[ -n "$1" && "$2" =~ ^[A-Za-z0-9_:]+$ && "$3" =~ ^[a-z_]+$ ]] || refused "${FUNCNAME[1]}: a file, a section and an option, not '$1' '$2' '$3'"
}

# its sed takes the value as a replacement: these characters come out as others
function ini_value {
    [[ -n "$1" && "$1" != *[\&\\]* && "$1" != *$'\n'* ]] || refused "${FUNCNAME[1]}: a value that DevStack's sed does not write: '$1'"
}

# ini_edit FILE SECTION OPTION HOW VALUE: how is set or add
function ini_edit {
    local edited
    grep -qxF "[$2]" "$1" 2>/dev/null || printf '\n[%s]\n' "$2" >>"$1"
    edited=$(SECTION="[$2]" OPTION=$3 HOW=$4 VALUE=$5 awk '
        BEGIN { section = ENVIRON["SECTION"]; option = ENVIRON["OPTION"]; value = ENVIRON["VALUE"]; how = ENVIRON["HOW"] }
        { lines[NR] = $0; is_header = ($0 ~ /^\[/); if (is_header) inside = ($0 == section)
          here[NR] = inside && !is_header && $0 ~ ("^" option "[ \t]*="); if (here[NR]) { last = NR } if (inside && is_header) first = NR }
        END {
            for (i = 1; i <= NR; i++) {
                print here[i] && how == "set" ? option " = " value : lines[i]
                if (last && how == "add" && i == last || !last && i == first) print option " = " value
            }
        }' "$1")
    # as DevStack (sed -i): the file keeps its mode
    printf '%s\n' "$edited" >"$1"
}

function iniset {
    takes 4 4 "$@"
    ini_arguments "$@"
    ini_value "$4"
    ini_edit "$1" "$2" "$3" set "$4"
}

function iniadd {
    takes 4 64 "$@"
    ini_arguments "$@"
    local value
    for value in "${@:4}"; do
        [[ "$value" != *" "* ]] || refused "iniadd: a value with a space becomes two: '$value'"
        ini_value "$value"
        ini_edit "$1" "$2" "$3" add "$value"
    done
}

function ini_values {
    [[ -e "$1" ]] || refused "${FUNCNAME[1]}: no file $1"
    awk -v section="[$2]" -v option="$3" '/^\[/ { inside = ($0 == section) } inside && $0 ~ ("^" option "[ \t]*=") { sub(/^[^=]*=[ \t]*/, ""); print }' "$1"
}

function iniget {
    takes 3 3 "$@"
    ini_arguments "$@"
    ini_values "$@" | head -1
}

function iniget_multiline {
    takes 3 3 "$@"
    ini_arguments "$@"
    ini_values "$@" | paste -sd ' '
}

# trueorfalse DEFAULT NAME
function trueorfalse {
    takes 2 2 "$@"
    [[ "$2" =~ ^[A-Z_]+$ ]] || refused "trueorfalse takes the name of a variable, not '$2'"
    case ${!2} in
        1 | [yY]es | YES | [tT]rue | TRUE) echo True ;;
        0 | [nN]o | NO | [fF]alse | FALSE) echo False ;;
        *) echo "$1" ;;
    esac
}

# --- functions-common: control, packages, processes, services

function echo_summary { takes 1 1 "$@"; echo "$1" >>"$SANDBOX/summary"; }

function die {
    takes 2 2 "$@"
    [[ "$1" =~ ^[0-9]+$ ]] || refused "die takes \$LINENO first"
    printf '[ERROR] %s\n' "$2" >&2
    exit 1
}

# as DevStack's it hands back the exit code of what was before: with errexit, a warning about a failure ends the stack
function warn {
    local code=$?
    takes 2 2 "$@"
    [[ "$1" =~ ^[0-9]+$ ]] || refused "warn takes \$LINENO first"
    printf '[WARNING] %s\n' "$2" >&2
    return $code
}

function install_package { takes 1 64 "$@"; }
function pip_install { takes 1 64 "$@"; [[ -e "${!#}/pyproject.toml" ]] || refused "pip_install: no project in ${!#}"; }
function pip_uninstall { takes 1 1 "$@"; }

function is_service_enabled {
    [[ $# -ge 1 ]] || refused "is_service_enabled takes at least one service"
    local service
    for service in "$@"; do [[ ",$ENABLED_SERVICES," != *",$service,"* ]] || return 0; done
    return 1
}

function enable_service {
    takes 1 64 "$@"
    local service
    for service in "$@"; do
        [[ ",$DISABLED_SERVICES,$ENABLED_SERVICES," == *",$service,"* ]] || ENABLED_SERVICES+=",$service"
    done
}

function define_plugin { takes 1 1 "$@"; }

# run_process SERVICE COMMAND [GROUP] [USER] [ENVIRONMENT]: a unit of systemd's
function run_process {
    takes 2 5 "$@"
    is_service_enabled "$1" || return 0
    [[ "$2" == /* && "$2" != *sudo* && "$2" != *[\;\<\>\*\|\&]* ]] || refused "run_process: not an absolute path without a shell's characters: $2"
    [[ -x "${2%% *}" ]] || refused "run_process: no program ${2%% *}"
    [[ -z "${4:-}" ]] || id "$4" >/dev/null || refused "run_process: no user $4"
    mkdir -p "$SYSTEMD_DIR"
    printf '[Service]\nExecStart = %s\nUser = %s\nEnvironment = %s\n' "$2" "${4:-$STACK_USER}" "${5:-}" >"$SYSTEMD_DIR/devstack@$1.service"
    systemctl_of_devstack start "devstack@$1.service"
}

function stop_process {
    takes 1 1 "$@"
    is_service_enabled "$1" && [[ -e "$SYSTEMD_DIR/devstack@$1.service" ]] || return 0
    systemctl_of_devstack stop "devstack@$1.service"
}

function systemctl_of_devstack {
    written_down systemctl "$@"
    case $1 in
        start) touch "$SANDBOX/running-$2" ;;
        stop) rm -f "$SANDBOX/running-$2" ;;
        daemon-reload) ;;
        *) refused "systemctl $*" ;;
    esac
}

# wait_for_service SECONDS URL
function wait_for_service {
    takes 2 2 "$@"
    [[ "$1" =~ ^[0-9]+$ && "$2" =~ ^https?:// ]] || refused "wait_for_service takes seconds and a URL, not '$1' '$2'"
    [[ ! -e "$SANDBOX/nothing-answers" ]]
}

# test_with_retry COMMAND MESSAGE [SECONDS] [PAUSE]: asked once here
function test_with_retry {
    takes 2 4 "$@"
    sh -c "$1" || die $LINENO "$2"
}

function sudo {
    written_down sudo "$@"
    local argument
    for argument in "$@"; do in_sandbox "$argument"; done
    "$@"
}

# --- functions, lib/keystone, lib/rpc_backend

function create_service_user { takes 1 2 "$@"; }
function get_or_add_user_project_role { takes 3 5 "$@"; }
function get_or_create_service { takes 3 3 "$@"; [[ "$2" =~ ^[a-z-]+$ ]] || refused "get_or_create_service: NAME TYPE DESCRIPTION"; }

function get_or_create_endpoint {
    takes 3 5 "$@"
    local url
    for url in "${@:3}"; do [[ -z "$url" || "$url" =~ ^https?:// ]] || refused "get_or_create_endpoint: no URL: $url"; done
}

# shellcheck disable=SC2120  # the plugin takes the default
function get_notification_url { takes 0 1 "$@"; echo "rabbit://$RABBIT_USERID:$RABBIT_PASSWORD@$RABBIT_HOST:5672/${1:-}"; }
function is_ipv4_address { takes 1 1 "$@"; [[ "$1" =~ ([0-9]{1,3}\.){3}[0-9]{1,3} ]]; }
function ipv6_unquote { takes 1 1 "$@"; echo "$1" | tr -d '[]'; }

# --- lib/nova, as far as the plugin meets its files

# made anew by each stack.sh before post-config
function create_nova_conf {
    mkdir -p "$NOVA_CONF_DIR" "$NOVA_STATE_PATH"
    cat >"$NOVA_CONF" <<EOF

[DEFAULT]
my_ip = $SERVICE_HOST

[filter_scheduler]
enabled_filters = ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,SameHostFilter

[oslo_messaging_notifications]
transport_url = rabbit://stackrabbit:rabbitsecret@$RABBIT_HOST:5672/
driver = messagingv2

[notifications]
notification_format = ${NOVA_NOTIFICATION_FORMAT:-unversioned}
EOF
    ! is_service_enabled n-cond || printf '\n[DEFAULT]\ntransport_url = rabbit://x@%s:5672/nova_cell1\n' "$RABBIT_HOST" >"$NOVA_CONF_DIR/nova_cell1.conf"
    # local.conf's own, which comes before the plugin's
    [[ ! -e "$SANDBOX/local.conf" ]] || cat "$SANDBOX/local.conf" >>"$NOVA_CONF"
}

function start_nova {
    ! is_service_enabled n-cpu || { cp "$NOVA_CONF" "$NOVA_CONF_DIR/nova-cpu.conf"; [[ -e "$SANDBOX/no-compute-id" ]] || echo -n "$COMPUTE_ID" >"$NOVA_STATE_PATH/compute_id"; }
}

# --- the scripts

COMPUTE_ID=${COMPUTE_ID:-5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11}
MODE=$1
shift
mkdir -p "$DATA_DIR"
# shellcheck source=devstack/override-defaults
source "$PLUGIN/devstack/override-defaults"
NOVA_NOTIFICATION_FORMAT=${NOVA_NOTIFICATION_FORMAT:-unversioned}
# shellcheck source=devstack/settings
source "$PLUGIN/devstack/settings"
options() { STATE="$SHELLOPTS $BASHOPTS $(trap)"; }
[[ "$MODE" != stack ]] || set -o errexit
# DevStack traces everything; the tests only once
[[ -z "${XTRACE:-}" ]] || set -o xtrace
options
BEFORE=$STATE
if [[ "$MODE" == stack ]]; then
    [[ $# -gt 0 ]] || set -- pre-install install post-config extra test-config
    for phase in "$@"; do
        case $phase in
            post-config) create_nova_conf ;;
            extra) start_nova ;;
        esac
        written_down "== $phase"
        # shellcheck source=devstack/plugin.sh
        source "$PLUGIN/devstack/plugin.sh" stack "$phase"
    done
else
    written_down "== $MODE"
    # DevStack names no phase here
    # shellcheck source=devstack/plugin.sh
    source "$PLUGIN/devstack/plugin.sh" "$MODE"
fi
options
[[ "$BEFORE" == "$STATE" ]] || refused "the plugin left the shell's options otherwise than it found them"
