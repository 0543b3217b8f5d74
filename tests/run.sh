#!/usr/bin/env bash
# Runs every test of the project: format, build, unit and component tests, linters, Debian packages, and the acceptance tests on a real OpenStack.
# usage: tests/run.sh [--quick] [--keep] [--release zed|2026.2]...
#   --quick    no OpenStack and no native compilation
#   --keep     leave the OpenStack running afterwards
#   --release  only this release of OpenStack; both when left out
# Needs the .NET 10 SDK. As root on Debian it installs what else it needs; otherwise it runs what it can and says what it skipped.
# The tests take over the lab of devstack/local: servers of a quickstart are deleted.
# With CI=true a missing OpenStack or compiler is a failure.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

QUICK=0 KEEP=0 RELEASES=()
while [ $# -gt 0 ]; do case $1 in
    --quick) QUICK=1 ;;
    --keep) KEEP=1 ;;
    --release) RELEASES+=("${2:?--release takes zed or 2026.2}"); shift ;;
    -h | --help) sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "tests/run.sh: unknown option $1; see tests/run.sh --help" >&2; exit 64 ;;
esac; shift; done
[ ${#RELEASES[@]} -gt 0 ] || RELEASES=(zed 2026.2)

RESULTS=$PWD/artifacts/test-results
unset STATE_DIR     # each release has its own
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# One compiler for all projects, warm after the first: a third of the build's time. It ends with this script.
export UseSharedCompilation=true
trap 'dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1' EXIT
CI=${CI:-false}
rm -rf "$RESULTS"
mkdir -p "$RESULTS"
touch "$RESULTS/broken" "$RESULTS/notes"

# What failed outside a test runner, and what was skipped and why, a line each: in files, since some steps run beside others.
BROKEN=$RESULTS/broken NOTES=$RESULTS/notes
STARTED=$SECONDS
step() { printf '\n== %4ds  %s\n' $((SECONDS - STARTED)) "$*"; }
broke() { printf '%s\n' "$1" >>"$BROKEN"; printf 'FAILED: %s\n' "$1" >&2; }
note() { printf '%s\n' "$1" >>"$NOTES"; }
# what cannot run here: a note on a laptop, a failure in CI
missing() { if [ "$CI" = true ]; then broke "$1"; else note "$1"; fi; }

can_install() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

install_packages() {
    local wanted=() package needed=(clang zlib1g-dev shellcheck libicu72 zsh fish python3-openstackclient strace ansible-core ansible-lint logrotate)
    [ "$QUICK" = 1 ] || needed+=(debhelper help2man lintian debootstrap sqlite3 qemu-utils
        busybox-static xorriso qemu-system-x86 libvirt-daemon libvirt-daemon-driver-qemu libvirt-clients)
    for package in "${needed[@]}"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || wanted+=("$package")
    done
    [ ${#wanted[@]} = 0 ] && return 0
    echo "installing ${wanted[*]}"
    { apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 \
        install "${wanted[@]}"; } >"$RESULTS/apt.log" 2>&1 </dev/null || { tail -5 "$RESULTS/apt.log"; return 1; }
}

# run_tests PROJECT [NAME]: runs a built test project, results as TRX
run_tests() {
    local project=$1 name=${2:-$1}
    "tests/$project/bin/Release/net10.0/$project" --results-directory "$RESULTS" --report-trx --report-trx-filename "$name.trx" \
        --progress off --output Normal >"$RESULTS/$name.log" 2>&1
    local code=$?
    if [ $code != 0 ]; then grep -vE '^\s*$' "$RESULTS/$name.log" | tail -60; fi
    printf '   %-34s %s\n' "$name" "$(count "$RESULTS/$name.trx")"
    [ -s "$RESULTS/$name.trx" ]
}

# count FILE...: "N passed, N failed, N skipped" from the outcomes in TRX files
count() {
    cat "$@" 2>/dev/null | grep -o '<UnitTestResult [^>]*outcome="[A-Za-z]*"' | sed 's/.*outcome="//; s/"//' | awk '
        { n[$1]++ }
        END { p = n["Passed"] + 0; s = n["NotExecuted"] + 0; printf "%d passed, %d failed, %d skipped\n", p, NR - p - s, s }'
}

# vendordata_url RELEASE: where its Nova asks for vendordata; the tests start a control plane there. Zed's has nobody to ask for: it knows no SEV-SNP.
vendordata_url() {
    [ "$1" != 2026.2 ] || echo http://198.18.34.1:9540/v1/vendordata
}

# The numbers that the tests change are seen at once; between that, rounds of nova-compute only cost.
export OSEV_UPDATE_RESOURCES_INTERVAL=30

# start_stack RELEASE: installs and starts one release; its output is $RESULTS/stack-RELEASE.log
start_stack() {
    local more=()
    [ "$1" != 2026.2 ] || more=(--with-network --with-volumes)
    OSEV_VENDORDATA_URL=$(vendordata_url "$1") devstack/local/up.sh --release "$1" --computes 4 --with-heat "${more[@]}" >"$RESULTS/stack-$1.log" 2>&1 </dev/null
}

# run_acceptance RELEASE PID: waits for the stack, then runs the suite on it
run_acceptance() {
    # up.sh applies what is set when it runs, and a test runs it again
    local OSEV_VENDORDATA_URL
    OSEV_VENDORDATA_URL=$(vendordata_url "$1")
    export OSEV_VENDORDATA_URL
    if wait_for "$2"; then
        OSEV_RELEASE=$1 OSEV_STACK=up run_tests OpenStackSev.Acceptance "OpenStackSev.Acceptance-$1"
    else
        OSEV_RELEASE=$1 OSEV_STACK=absent run_tests OpenStackSev.Acceptance "OpenStackSev.Acceptance-$1"
    fi
}

# wait_for PID: the exit code of a background job that is not this shell's child, by the file that it leaves
wait_for() {
    while kill -0 "$1" 2>/dev/null; do sleep 1; done
    [ "$(cat "$RESULTS/exit.$1" 2>/dev/null)" = 0 ]
}

step "packages"
if can_install; then install_packages || broke "packages: apt-get failed, see $RESULTS/apt.log"
else note "packages: not root or no apt, nothing was installed"; fi

# a fresh Debian for the packages and a kernel for the virtual machine; they come while the compiler works
BASE='' KERNEL=''
if [ "$QUICK" = 0 ] && can_install; then
    (tests/packages.sh --base-only >"$RESULTS/packages-base.log" 2>&1 </dev/null; echo $? >"$RESULTS/exit.$BASHPID") & BASE=$!
    (tests/machine/kernel.sh >"$RESULTS/kernel.log" 2>&1 </dev/null; echo $? >"$RESULTS/exit.$BASHPID") & KERNEL=$!
fi

STACKS=no
if [ "$QUICK" = 1 ]; then note "acceptance tests: --quick was given"
elif ! can_install; then missing "acceptance tests: a real OpenStack needs root and apt"
else
    STACKS=yes
    for release in "${RELEASES[@]}"; do devstack/quickstart.sh --release "$release" --stop-agents; done
    # the services install and start while the compiler works
    declare -A STACK
    for release in "${RELEASES[@]}"; do
        (start_stack "$release"; echo $? >"$RESULTS/exit.$BASHPID") & STACK[$release]=$!
    done
fi

# The second release lies in a folder with Debian unstable, which also has what no older Debian has: ruff, and a mypy of this year.
CHROOT=${OSEV_CHROOT:-/var/lib/osev-chroot-2026.2}
# there, this tree has the path that it has here
in_chroot() {
    unshare --mount devstack/local/lib/enter-chroot.sh "$CHROOT" "$PWD" env --chdir="$PWD" LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# filter_tools: what tests and linters of nova-filter need there
filter_tools() {
    in_chroot sh -c 'command -v ruff && command -v mypy && command -v strace' >/dev/null ||
        in_chroot sh -c 'apt-get -q update && apt-get -q -y --no-install-recommends install ruff mypy strace' >"$RESULTS/nova-filter-tools.log" 2>&1 </dev/null
}

# filter_lint: by the rules of its pyproject.toml, package and tests; the other tests in Python too
filter_lint() {
    # shellcheck disable=SC2016  # the shell in the folder
    in_chroot sh -euc 'rules=src/nova-filter/pyproject.toml
        ruff --version
        ruff check --no-cache --config $rules src/nova-filter tests/nova-filter tests/devstack tests/etc tests/systemd tests/unittests.py
        ruff format --no-cache --check --config $rules src/nova-filter tests/nova-filter tests/devstack tests/etc tests/systemd tests/unittests.py
        mypy --version
        MYPYPATH=src/nova-filter:tests/nova-filter mypy --strict --config-file $rules --cache-dir "$1/mypy" src/nova-filter/openstack_sev_filter tests/nova-filter/*.py
        MYPYPATH=tests/devstack mypy --strict --config-file $rules --cache-dir "$1/mypy" tests/unittests.py tests/devstack/*.py
        MYPYPATH=tests/etc mypy --strict --config-file $rules --cache-dir "$1/mypy" tests/etc/*.py
        MYPYPATH=tests/systemd mypy --strict --config-file $rules --cache-dir "$1/mypy" tests/systemd/*.py
        ' sh "$RESULTS" >"$RESULTS/nova-filter-lint.log" 2>&1
}

# filter_tests RELEASE: nova-filter under that release's Nova and Python, as its scheduler has them
filter_tests() {
    local code=0 run=(/usr/bin/python3 -B tests/nova-filter/run.py "$RESULTS/nova-filter-$1.trx")
    [ "$1" = zed ] || run=(in_chroot "${run[@]}")
    "${run[@]}" >"$RESULTS/nova-filter-$1.log" 2>&1 || code=$?
    [ $code = 0 ] || tail -40 "$RESULTS/nova-filter-$1.log"
    printf '   %-34s %s\n' "nova-filter-$1" "$(count "$RESULTS/nova-filter-$1.trx")"
    sed -n 's/^skipped: /   &/p' "$RESULTS/nova-filter-$1.log"
    [ -s "$RESULTS/nova-filter-$1.trx" ]
}

# What follows is done in functions, for the acceptance tests wait more than they compute: the rest of the steps runs meanwhile, less
# urgently (nice). Native programs come first, since the acceptance tests use them.

format_step() {
    step "format"
    # Style and analyzers are errors of the build (EnforceCodeStyleInBuild); what is left is what no compiler sees.
    if dotnet format whitespace . --folder --include src/ tests/ --verify-no-changes -v quiet >"$RESULTS/format.log" 2>&1; then echo "   ok"
    else head -20 "$RESULTS/format.log"; broke "dotnet format whitespace --verify-no-changes, see $RESULTS/format.log"; fi
}

scripts_step() {
    step "scripts"
    command -v shellcheck >/dev/null || { missing "scripts: shellcheck is not installed"; return; }
    # The parts of devstack/local are looked at one by one: followed from one to the next (-x) each program costs half a minute.
    if { git ls-files | while read -r file; do if head -c 64 "$file" | head -1 | grep -qE '^#!.*\b(ba)?sh\b'; then echo "$file"; fi; done |
            grep -v '^devstack/local/' | xargs -r shellcheck -x -P SCRIPTDIR &&
            git ls-files 'devstack/local/*.sh' | xargs -r shellcheck -e SC1091,SC2153; } >"$RESULTS/shellcheck.log" 2>&1; then echo "   ok"
    else head -40 "$RESULTS/shellcheck.log"; broke "shellcheck"; fi
}

# python_tests FOLDER: its Python tests, counted as the others
python_tests() {
    local name
    name=$(basename "$1")
    /usr/bin/python3 -B tests/unittests.py "$1" "$RESULTS/$name.trx" >"$RESULTS/$name.log" 2>&1 || tail -40 "$RESULTS/$name.log"
    printf '   %-34s %s\n' "$name" "$(count "$RESULTS/$name.trx")"
    sed -n 's/^skipped: /   &/p' "$RESULTS/$name.log"
    [ -s "$RESULTS/$name.trx" ] || broke "tests of $name wrote no results, see $RESULTS/$name.log"
}

devstack_step() {
    if ! command -v openssl >/dev/null || [ ! -x /usr/bin/python3 ]; then missing "the plugin for DevStack: openssl or python3 is not there"; return; fi
    step "the plugin for DevStack, with stand-ins for DevStack's functions"
    python_tests tests/devstack
}

etc_step() {
    [ -x /usr/bin/python3 ] || { missing "the files of etc: python3 is not there"; return; }
    step "the files of etc: alerts, units, Ansible, Kolla-Ansible"
    python_tests tests/etc
}

tests_step() {
    local folder
    step "unit and component tests"
    for folder in tests/*.Tests; do
        run_tests "$(basename "$folder")" || broke "$(basename "$folder") wrote no results, see $RESULTS"
    done
}

fuzz_step() {
    step "fuzz: 3000 mutated inputs a parser"
    if tests/OpenStackSev.Fuzz/bin/Release/net10.0/OpenStackSev.Fuzz --inputs 3000 >"$RESULTS/fuzz.log" 2>&1; then sed 's/^/   /' "$RESULTS/fuzz.log"
    else tail -20 "$RESULTS/fuzz.log"; broke "fuzz, see $RESULTS/fuzz.log; the inputs are in artifacts/fuzz/failures"; fi
}

native_step() {
    local program size
    if [ "$QUICK" = 1 ]; then note "native programs: --quick was given"; return; fi
    command -v clang >/dev/null || { missing "native programs: clang is not installed"; return; }
    step "native programs"
    for program in OpenStackSev.Agent OpenStackSev.Guest OpenStackSev.Cli OpenStackSev.Control; do
        if dotnet publish "src/$program" -c Release -r linux-x64 -o "artifacts/native/$program" -v quiet --nologo >"$RESULTS/$program.publish.log" 2>&1
        then printf '   %-34s %s\n' "$program" "$(du -sh --exclude='*.dbg' --exclude='*.pdb' "artifacts/native/$program" | cut -f1)"
        else grep -E 'error|warn' "$RESULTS/$program.publish.log" | sort -u | head -20; broke "native $program, see $RESULTS/$program.publish.log"; fi
    done
    # it lies in every image
    size=$(stat -c %s artifacts/native/OpenStackSev.Guest/openstack-sev-guest 2>/dev/null || echo 0)
    [ "$size" -lt 9000000 ] || broke "native OpenStackSev.Guest: $size bytes, and 9000000 are too many"
}

packages_step() {
    if [ "$QUICK" = 1 ]; then note "Debian packages: --quick was given"; return; fi
    [ -n "$BASE" ] || { missing "Debian packages: they need root and apt"; return; }
    command -v clang >/dev/null || { missing "Debian packages: the native programs are not there"; return; }
    step "Debian packages"
    if wait_for "$BASE" && tests/packages.sh --published >"$RESULTS/packages.log" 2>&1; then grep '^openstack-sev-\|^all of' "$RESULTS/packages.log" | sed 's/^/   /'
    else tail -n 20 "$RESULTS/packages-base.log" "$RESULTS/packages.log"; broke "Debian packages, see $RESULTS/packages.log"; fi
}

# the units, as those packages bring them
systemd_step() {
    if [ "$QUICK" = 1 ]; then note "units under systemd: --quick was given"; return; fi
    [ -n "$BASE" ] || { missing "units under systemd: they need root and apt"; return; }
    step "units under a systemd of their own"
    python_tests tests/systemd
}

tool_step() {
    step "osev as a .NET tool"
    if tests/tool.sh >"$RESULTS/tool.log" 2>&1; then sed 's/^/   /' "$RESULTS/tool.log"
    else tail -20 "$RESULTS/tool.log"; broke "osev as a .NET tool, see $RESULTS/tool.log"; fi
}

# guide_step: the operator's guide is followed on 2026.2, when its suite has ended, with the packages that were built meanwhile
guide_step() {
    until [ -e "$RESULTS/packages.ended" ]; do sleep 1; done
    if tests/guide/run.py "$RESULTS/guide.trx" >"$RESULTS/guide.log" 2>&1; then grep '^skipped: ' "$RESULTS/guide.log" | sed 's/^/   /'
    else cat "$RESULTS/guide.log"; fi
    printf '   %-34s %s\n' guide "$(count "$RESULTS/guide.trx")"
    [ -s "$RESULTS/guide.trx" ] || broke "the operator's guide wrote no results, see $RESULTS/guide.log"
}

acceptance_step() {
    local release suite suites=()
    step "acceptance tests on a real OpenStack: ${RELEASES[*]}"
    if [ "$STACKS" = no ]; then
        for release in "${RELEASES[@]}"; do
            OSEV_RELEASE=$release OSEV_STACK=absent run_tests OpenStackSev.Acceptance "OpenStackSev.Acceptance-$release" || broke "acceptance tests wrote no results"
        done
        return
    fi
    wait_for "$KERNEL" || { tail -5 "$RESULTS/kernel.log"; broke "no kernel for the virtual machine, see $RESULTS/kernel.log"; }
    for release in "${RELEASES[@]}"; do run_acceptance "$release" "${STACK[$release]}" & suites+=($!); done
    for suite in "${suites[@]}"; do wait "$suite" || broke "an acceptance suite wrote no results, see $RESULTS"; done
    if [[ " ${RELEASES[*]} " == *" 2026.2 "* ]]; then guide_step; else note "the operator's guide: it is followed on 2026.2"; fi
    for release in "${RELEASES[@]}"; do
        [ "$(cat "$RESULTS/exit.${STACK[$release]}" 2>/dev/null)" = 0 ] ||
            { tail -20 "$RESULTS/stack-$release.log"; broke "OpenStack $release did not come up, see $RESULTS/stack-$release.log"; }
        [ "$KEEP" = 1 ] || devstack/local/down.sh --release "$release" >>"$RESULTS/stack-$release.log" 2>&1
    done
    echo "   $((SECONDS - STARTED)) s: their end"
}

filter_step() {
    local release
    # what they need comes with the stacks
    [ "$STACKS" = no ] || for release in "${RELEASES[@]}"; do wait_for "${STACK[$release]}"; done
    step "nova-filter: linters, and tests in Nova's own classes"
    if [ "$STACKS" = yes ]; then
        if [[ " ${RELEASES[*]} " != *" 2026.2 "* ]]; then note "nova-filter, linters: they come with 2026.2"
        elif ! filter_tools; then missing "nova-filter, linters: ruff, mypy or strace could not be installed, see $RESULTS/nova-filter-tools.log"
        elif filter_lint; then grep -E '^(ruff|mypy) [0-9]' "$RESULTS/nova-filter-lint.log" | sed 's/^/   ok: /'
        else tail -40 "$RESULTS/nova-filter-lint.log"; broke "nova-filter, linters"; fi
        for release in "${RELEASES[@]}"; do filter_tests "$release" || broke "nova-filter on $release wrote no results, see $RESULTS"; done
    else note "nova-filter: it is tested in the Nova of a real OpenStack, and its linters come with one"
    fi
}

step "build"
if dotnet build OpenStackSev.sln -c Release -v quiet --nologo >"$RESULTS/build.log" 2>&1; then echo "   ok"
else grep -E 'error|warn' "$RESULTS/build.log" | sort -u | head -40; broke "build, see $RESULTS/build.log"; fi

native_step
acceptance_step >"$RESULTS/acceptance.log" 2>&1 & ACCEPTANCE=$!
renice -n 5 $$ >/dev/null 2>&1
# not together with the native programs: both read what restores write
format_step
scripts_step
tool_step
packages_step
touch "$RESULTS/packages.ended"     # for the guide, which waits in acceptance_step
systemd_step
devstack_step
etc_step
tests_step
fuzz_step
filter_step
step "the acceptance tests' end"
wait "$ACCEPTANCE"
cat "$RESULTS/acceptance.log"

step "done"
sed 's/^/skipped: /' "$NOTES"
sed 's/^/failed: /' "$BROKEN"
read -r PASSED _ FAILED _ SKIPPED _ <<<"$(count "$RESULTS"/*.trx)"
# a step that failed outside a test runner counts as one failure, so that the line tells the truth
FAILED=$((FAILED + $(wc -l <"$BROKEN")))
echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
[ "$FAILED" = 0 ] && [ "$PASSED" != 0 ]
