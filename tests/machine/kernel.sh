#!/usr/bin/env bash
# Fetches the distribution's cloud kernel into artifacts/machine, for the virtual machine of OpenStackSev.Acceptance; nothing is installed.
# usage: tests/machine/kernel.sh
# Needs Debian's apt. A kernel that is there stays.
set -euo pipefail
cd "$(dirname "$0")/../.."

OUT=$PWD/artifacts/machine
[ ! -s "$OUT/vmlinuz" ] || exit 0
WORK=$(mktemp -d "${TMPDIR:-/tmp}/osev-kernel-XXXXXX")
trap 'rm -rf "$WORK"' EXIT

download() {
    PACKAGE=$(apt-cache depends linux-image-cloud-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -1)
    [ -n "$PACKAGE" ] || { echo "error: apt knows no linux-image-cloud-amd64" >&2; return 1; }
    (cd "$WORK" && apt-get -q download "$PACKAGE") >&2
}
# apt's lists may be absent, or older than the archive
download || { apt-get -q update >&2 && download; }
dpkg-deb -x "$WORK"/linux-image-*.deb "$WORK/kernel"

# in the order in which they load
MODULES=(
    virtio/virtio_ring virtio/virtio virtio/virtio_pci_modern_dev virtio/virtio_pci_legacy_dev virtio/virtio_pci
    block/virtio_blk net/core/failover net/net_failover net/virtio_net cdrom/cdrom isofs/isofs
)
rm -rf "$OUT"
mkdir -p "$OUT/modules"
for i in "${!MODULES[@]}"; do
    found=$(find "$WORK/kernel" -path "*/${MODULES[$i]}.ko")
    [ -n "$found" ] || { echo "error: $PACKAGE has no ${MODULES[$i]}.ko" >&2; exit 1; }
    cp "$found" "$OUT/modules/$(printf '%02d' "$i")-$(basename "$found")"
done
# last: whoever sees it sees all
cp "$WORK"/kernel/boot/vmlinuz-* "$OUT/vmlinuz.new"
mv "$OUT/vmlinuz.new" "$OUT/vmlinuz"
