#!/usr/bin/env bash
# Tests osev as a .NET tool: packs what was built (dotnet build -c Release), installs it from that package into a folder of its own, and runs it.
# usage: tests/tool.sh
set -euo pipefail
cd "$(dirname "$0")/.."
WORK=$(mktemp -d "${TMPDIR:-/tmp}/osev-tool-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
fail() { echo "FAILED: $*" >&2; exit 1; }

dotnet pack src/OpenStackSev.Cli -c Release --no-build -o "$WORK/packages" -v quiet --nologo
# from nowhere else
printf '<configuration><packageSources><clear /></packageSources></configuration>\n' >"$WORK/nuget.config"
dotnet tool install osev --tool-path "$WORK/tool" --configfile "$WORK/nuget.config" --add-source "$WORK/packages" >"$WORK/out" 2>&1 || fail "$(cat "$WORK/out")"
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' Directory.Build.props)
[ "$("$WORK/tool/osev" --version)" = "osev $version" ] || fail "osev --version: $("$WORK/tool/osev" --version)"
"$WORK/tool/osev" simulate host --model turin --asids 200 --out "$WORK/turin" >/dev/null
"$WORK/tool/osev" facts --root "$WORK/turin" -f json | grep -q '"product": "Turin"' || fail "osev facts reads another machine"
echo "osev $version: packed ($(du -h "$WORK"/packages/osev.*.nupkg | cut -f1)), installed as a tool, run"
