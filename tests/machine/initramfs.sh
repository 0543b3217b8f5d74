#!/usr/bin/env bash
# Packs an initramfs that boots into our attester: busybox, the programs of artifacts/native with the libraries that they load, init, and a
# simulated security processor with its chain.
# usage: tests/machine/initramfs.sh CHAIN CHIP OUT
# CHAIN: folder of osev simulate chain; CHIP: hexadecimal id of the chip. Needs busybox-static and what kernel.sh fetched.
set -euo pipefail
CHAIN=$(realpath "$1") CHIP=$2 OUT=$(realpath "$3")
cd "$(dirname "$0")/../.."

ROOT=$(mktemp -d "${TMPDIR:-/tmp}/osev-initramfs-XXXXXX")
trap 'rm -rf "$ROOT"' EXIT
mkdir -p "$ROOT"/{bin,dev,proc,sys,run,tmp,etc,mnt/config,modules,amd}
cp /bin/busybox "$ROOT/bin/"
cp tests/machine/init "$ROOT/init"
cp artifacts/machine/modules/*.ko "$ROOT/modules/"
cp artifacts/native/OpenStackSev.Guest/openstack-sev-guest artifacts/native/OpenStackSev.Cli/osev "$ROOT/bin/"
cp -r "$CHAIN/." "$ROOT/amd/"
echo "$CHIP" >"$ROOT/amd/chip"

# what the programs are linked with, and OpenSSL, which .NET loads by name
libraries() {
    ldd "$ROOT/bin/openstack-sev-guest" "$ROOT/bin/osev" | grep -o '/[^ ]*\.so[^ ]*'
    /sbin/ldconfig -p | sed -n 's/.*(libc6,x86-64.*=> \(.*\/lib\(ssl\|crypto\)\.so\.3\)$/\1/p'
}
libraries | sort -u | while read -r library; do
    mkdir -p "$ROOT$(dirname "$library")"
    cp -L "$library" "$ROOT$library"
done

(cd "$ROOT" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) >"$OUT"
