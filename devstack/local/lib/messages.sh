# What the operator reads.
# shellcheck shell=bash

say() { printf '[%4ds] %s\n' "$SECONDS" "$*"; }
warn() { printf '[%4ds] warning: %s\n' "$SECONDS" "$*" >&2; }

# die PROBLEM [REMEDY]
die() {
    printf '[%4ds] error: %s\n' "$SECONDS" "$1" >&2
    [ -z "${2:-}" ] || printf '        hint: %s\n' "$2" >&2
    exit 1
}

# die_of NAME PROBLEM: with the end of its log, the log's place, and the way out.
die_of() {
    local name=$1 problem=$2 log=$LOG_DIR/$1.log
    [ ! -r "$log" ] || tail -n 15 "$log" | sed "s/^/    $name| /" >&2
    die "$name $problem; its log is $log" \
        "mend the cause and run up.sh again (it keeps what runs), or begin anew with down.sh --purge"
}
