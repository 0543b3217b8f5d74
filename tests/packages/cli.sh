# What has to be true of openstack-sev-cli. Part of tests/packages.sh.
# shellcheck shell=bash
# shellcheck disable=SC2154  # of packages.sh: ROOT WORK

installed_cli() {
    documented cli
    inside osev simulate host --model turin --asids 20 --out /tmp/turin >"$WORK/out" 2>&1 || fail "osev simulate: $(cat "$WORK/out")"
    inside osev facts --root /tmp/turin >"$WORK/out" 2>&1 || fail "osev facts: $(cat "$WORK/out")"
    # with OpenSSL: keys, certificates and a verdict
    inside osev simulate chain --product turin --key-bits 2048 --out /tmp/amd >"$WORK/out" 2>&1 || fail "osev simulate chain: $(cat "$WORK/out")"
    inside osev simulate report --chain /tmp/amd --out /tmp/report.bin >"$WORK/out" 2>&1 || fail "osev simulate report: $(cat "$WORK/out")"
    inside osev attest verify --report /tmp/report.bin --certs /tmp/report.bin.certs --roots /tmp/amd --simulated-root /tmp/amd/ark.pem >"$WORK/out" 2>&1 ||
        fail "osev attest verify: $(cat "$WORK/out")"
    grep -q AFFIRMING "$WORK/out" || fail "no verdict: $(cat "$WORK/out")"
    rm -rf "${ROOT:?}"/tmp/*
    grep -q osev "$ROOT/usr/share/bash-completion/completions/osev" || fail "no completion for bash"
    grep -q '^#compdef osev' "$ROOT/usr/share/zsh/vendor-completions/_osev" || fail "no completion for zsh"
    grep -q 'complete .*osev' "$ROOT/usr/share/fish/vendor_completions.d/osev.fish" || fail "no completion for fish"
}

configured_cli() { :; }
upgraded_cli() { installed_cli; }
