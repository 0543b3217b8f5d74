#!/usr/bin/env bash
# Builds Debian packages of this tree into artifacts/packages.
# usage: etc/packages/build.sh [--published] [agent|control|cli|snapshot-sync|guest|nova-filter]...
#   --published   takes the programs of artifacts/native as they are, instead of publishing them
# All packages when none is named. Needs the .NET 10 SDK, clang and zlib1g-dev, and Debian's debhelper, help2man and python3; root is not needed.
# Each package is a paragraph of debian/control, with its files beside it; what it publishes is below.
set -euo pipefail
cd "$(dirname "$0")/../.."

# name -> the program in it
declare -A PROGRAMS=(
    [agent]=OpenStackSev.Agent
    [control]=OpenStackSev.Control
    [cli]=OpenStackSev.Cli
    [snapshot-sync]=''
    [guest]=OpenStackSev.Guest
    [nova-filter]=''
)

PUBLISH=1 WANTED=()
while [ $# -gt 0 ]; do case $1 in
    --published) PUBLISH=0 ;;
    -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) [ -n "${PROGRAMS[$1]+there}" ] || { echo "error: no package $1; there are: ${!PROGRAMS[*]}" >&2; exit 64; }
        WANTED+=("$1") ;;
esac; shift; done
[ ${#WANTED[@]} -gt 0 ] || mapfile -t WANTED < <(printf '%s\n' "${!PROGRAMS[@]}" | sort)
for tool in dh help2man; do
    command -v $tool >/dev/null || { echo "error: $tool is missing" >&2; echo "hint: apt-get install --no-install-recommends debhelper help2man" >&2; exit 1; }
done

VERSION=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
[ "$(dpkg-parsechangelog --file etc/packages/debian/changelog --show-field Version)" = "$VERSION" ] || {
    echo "error: etc/packages/debian/changelog does not begin with $VERSION, the version of Directory.Build.props" >&2; exit 1; }

OUT=$PWD/artifacts/packages
STAGE=$OUT/stage
rm -rf "$STAGE"
mkdir -p "$STAGE"/{man,conf,completion}
cp -r etc/packages/debian "$STAGE/debian"
ln -s "$PWD/src" "$PWD/etc" "$PWD/artifacts/native" "$STAGE/"

# published PROGRAM: the file that is started
published() {
    local file
    file=$(find "artifacts/native/$1" -maxdepth 1 -type f \( -name 'openstack-sev-*' -o -name osev \) -executable ! -name '*.dbg' ! -name '*.dll' 2>/dev/null | head -1)
    [ -n "$file" ] || { echo "error: artifacts/native/$1 is not there" >&2; echo "hint: leave out --published" >&2; exit 1; }
    echo "$file"
}

# manual PROGRAM PACKAGE: a manual page of what --help says
manual() {
    local file about
    file=$(published "$1")
    about=$(sed -n "/^Package: $2\$/,/^\$/s/^Description: //p" etc/packages/debian/control)
    help2man --no-info --section=1 --version-string="$VERSION" --name="$about" "$file" | sed '/^\.SS "Description:"$/d' >"$STAGE/man/$(basename "$file").1"
}

# configuration NAME: a file of /etc/openstack-sev as it is before anybody has touched it
configuration() { cp "etc/$1.sample" "$STAGE/conf/$1"; }

# python FOLDER MODULE: a package of Python, as dist-packages has it
python() {
    mkdir -p "$STAGE/python"
    cp -r "src/$1/$2" "$STAGE/python/"
    find "$STAGE/python" -name __pycache__ -prune -exec rm -r {} +
    python3 etc/packages/dist_info.py "src/$1/pyproject.toml" "$STAGE/python" "$VERSION"
}

# What a package has besides its program.
with_agent() { configuration agent.conf; }
with_snapshot-sync() { configuration snapshot-sync.env; }
with_nova-filter() { python nova-filter openstack_sev_filter; }

with_control() {
    configuration openstack-sev.conf
    cp -r artifacts/native/OpenStackSev.Control "$STAGE/control"
    # of the runtime: tracing by LTTng, which would bring that library along; other garbage collectors; what only debuggers load; what compilers read
    (cd "$STAGE/control" && rm -f libcoreclrtraceptprovider.so libclrgc*.so libmscordaccore.so libmscordbi.so createdump ./*.pdb ./*.xml dotnet-tools.json ./*.staticwebassets.endpoints.json)
    find "$STAGE/control" -type f ! -name openstack-sev-control -exec chmod 644 {} +
}

with_cli() {
    local osev
    osev=$(published OpenStackSev.Cli)
    "$osev" completion bash >"$STAGE/completion/osev"
    "$osev" completion zsh >"$STAGE/completion/_osev"
    "$osev" completion fish >"$STAGE/completion/osev.fish"
}

for name in "${WANTED[@]}"; do
    package=openstack-sev-$name
    program=${PROGRAMS[$name]}
    if [ -n "$program" ]; then
        [ "$PUBLISH" = 0 ] || dotnet publish "src/$program" -c Release -r linux-x64 -o "artifacts/native/$program" -v quiet --nologo
        manual "$program" "$package"
    fi
    if declare -F "with_$name" >/dev/null; then "with_$name"; fi
    # debhelper wants them by these names
    [ ! -e "etc/systemd/$package.service" ] || cp "etc/systemd/$package.service" "$STAGE/debian/$package.service"
    [ ! -e "etc/systemd/$package.sysusers.conf" ] || cp "etc/systemd/$package.sysusers.conf" "$STAGE/debian/$package.sysusers"
    [ ! -e "etc/tmpfiles.d/$package.conf" ] || cp "etc/tmpfiles.d/$package.conf" "$STAGE/debian/$package.tmpfiles"
    [ ! -e "etc/logrotate.d/$package" ] || cp "etc/logrotate.d/$package" "$STAGE/debian/$package.logrotate"
done

# the same files give the same package
SOURCE_DATE_EPOCH=$(dpkg-parsechangelog --file etc/packages/debian/changelog --show-field Timestamp)
export SOURCE_DATE_EPOCH
(cd "$STAGE" && umask 022 && debian/rules binary PACKAGES="${WANTED[*]/#/openstack-sev-}") >"$OUT/build.log" 2>&1 || {
    tail -20 "$OUT/build.log" >&2; echo "error: debhelper failed, see $OUT/build.log" >&2; exit 1; }
rm -rf "$STAGE"
for name in "${WANTED[@]}"; do ls "artifacts/packages/openstack-sev-${name}_${VERSION}"_*.deb; done
