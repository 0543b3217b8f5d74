# Services are plain processes with a pid file: "PID START_TIME BOOT_ID FINGERPRINT".
# A pid alone says nothing after a reboot, or once the kernel has given the number to another process:
# a process is ours only while boot id and start time match too.
# shellcheck shell=bash

STARTED=''                       # names of what this run started
BOOT_ID=$(</proc/sys/kernel/random/boot_id)

# pid_of NAME: its pid while it runs; else nothing, and failure.
pid_of() {
    local pid start boot _
    read -r pid start boot _ 2>/dev/null <"$RUN_DIR/$1.pid" || return 1
    [ "$boot" = "$BOOT_ID" ] && [ "$(start_time_of "$pid")" = "$start" ] && echo "$pid"
}

alive() { pid_of "$1" >/dev/null; }

# Start time in clock ticks since boot (proc(5), /proc/pid/stat, field 22); nothing for a zombie or no process.
# The command name in field 2 may hold blanks and parentheses, so count from the last ')'.
start_time_of() {
    local line fields
    line=$(cat "/proc/$1/stat" 2>/dev/null) || return 0
    read -ra fields <<<"${line##*) }"
    [ "${fields[0]}" = Z ] || echo "${fields[19]}"
}

ASKED=' '                        # names of services that were told to stop, and will start anew
ASK_ONLY=no

# service NAME [-e VAR=VALUE | -w PATH]... -- COMMAND...
# Runs the command in the background, unless it runs already as it is configured now: -e adds to its environment,
# -w names a file or folder that it reads. Files of the state folder on the command line are watched anyway.
# With ASK_ONLY=yes it only tells one that runs differently to stop: several stop together then, not one after the other.
service() {
    local name=$1 environment=() watched=() fingerprint
    shift
    while [ "$1" != -- ]; do
        case $1 in
            -e) environment+=("$2") ;;
            -w) watched+=("$2") ;;
            *) die "service $name: unknown option $1" ;;
        esac
        shift 2
    done
    shift
    fingerprint=$({ printf '%s\n' "${environment[@]}" "$@"; contents "${watched[@]}" "$@"; } | sha256sum | cut -c 1-16)
    if alive "$name"; then
        ! runs_as "$name" "$fingerprint" || return 0
        if [ "$ASK_ONLY" = yes ]; then
            kill -TERM "$(pid_of "$name")" 2>/dev/null || true
            ASKED+="$name "
            return 0
        fi
        say "$name is configured differently now: restarting it"
        stop_services 20 "$name"
    fi
    [ "$ASK_ONLY" = no ] || return 0
    launch "$name" "${environment[@]}" "$@"
    echo "$LAUNCHED $(start_time_of "$LAUNCHED") $BOOT_ID $fingerprint" >"$RUN_DIR/$name.pid"
    STARTED="$STARTED $name"
}

# contents PATH_OR_WORD...: a checksum for each file at or below the paths in the state folder.
contents() {
    local path
    for path in "$@"; do
        [[ $path != "$STATE_DIR"/* || ! -e $path || -S $path ]] ||
            find "$path" -type f ! -name '*.pyc' -exec sha256sum {} + | sort
    done
}

# runs_as NAME FINGERPRINT
runs_as() {
    local fingerprint
    read -r _ _ _ fingerprint <"$RUN_DIR/$1.pid" && [ "$fingerprint" = "$2" ]
}

# launch NAME WORD...: in a session of its own, so that an interrupt of up.sh does not reach it.
# All the words are exec'ed by one another, hence the pid is the service's own. 9 is the lock of the state folder.
launch() {
    local log=$LOG_DIR/$1.log
    shift
    setsid "${RELEASE_ENTER[@]}" "${ENVIRONMENT[@]}" "$@" >>"$log" 2>&1 </dev/null 9>&- &
    LAUNCHED=$!
}

# inside COMMAND...: in the foreground, where the release's programs are, in a service's environment.
inside() { "${RELEASE_ENTER[@]}" "${ENVIRONMENT[@]}" "$@" 9>&-; }

# wait_for NAME SECONDS COMMAND...: until the command succeeds; gives up at once when the service has died.
wait_for() {
    local name=$1 limit=$2 end=$((SECONDS + $2))
    shift 2
    until "$@" >/dev/null 2>&1; do
        alive "$name" || die_of "$name" "has died"
        [ "$SECONDS" -lt "$end" ] || die_of "$name" "was not ready within $limit s ($*)"
        sleep 0.2
    done
    say "$name is ready"
}

port_open() { (exec 3<>"/dev/tcp/$IP/$1") 2>/dev/null; }

# http_answers PORT PATH: with anything but a server error.
http_answers() (
    exec 3<>"/dev/tcp/$IP/$1" || exit 1
    printf 'GET %s HTTP/1.0\r\nHost: %s:%s\r\n\r\n' "$2" "$IP" "$1" >&3
    read -r -t 10 status <&3 || exit 1
    [[ $status == HTTP/1.?\ [1-4]* ]]
)

# stop_services SECONDS NAME...: asks all of them first, so that it takes as long as the slowest one.
stop_services() {
    local end=$((SECONDS + $1)) name pid
    shift
    for name in "$@"; do
        # Not twice: the second signal would cut short what the first began.
        [[ $ASKED == *" $name "* ]] || ! pid=$(pid_of "$name") || kill -TERM "$pid" 2>/dev/null || true
    done
    for name in "$@"; do
        while alive "$name" && [ "$SECONDS" -lt "$end" ]; do sleep 0.1; done
        ! pid=$(pid_of "$name") || kill_group "$name" "$pid"
        rm -f "$RUN_DIR/$name.pid"
    done
}

# The whole process group that it leads, or its children would go on without it.
kill_group() {
    warn "$1 did not stop when asked: killing it and its children"
    kill -KILL -- "-$2" 2>/dev/null || true
    sleep 0.5
    ! alive "$1" || die "$1 (pid $2) cannot be killed" "see what it hangs in: cat /proc/$2/stack"
}

# Every service that has a pid file.
known_services() {
    local file
    for file in "$RUN_DIR"/*.pid; do
        [ ! -e "$file" ] || basename "$file" .pid
    done
}
