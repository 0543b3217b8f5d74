#!/bin/sh
# enter-chroot.sh CHROOT STATE_DIR COMMAND...: run by "ip netns exec" or "unshare --mount", hence in a mount
# namespace that lives no longer than the command: nothing is left to unmount, nothing for rm -r to fall into.
# The state folder has the same path on both sides.
set -eu
root=$1 state=$2
shift 2
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mkdir -p "$root$state"
mount --bind "$state" "$root$state"
exec chroot "$root" "$@"
