"""A Debian with a systemd of its own as process 1, in namespaces: no container program, no virtual machine, no network but its own."""

# ruff: noqa: S603, S607 (what is run here is ours)
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PATIENCE = 60.0

# Its cgroup is one below this machine's, by cgroup2 alone. What is global, /proc/sys and /sys, cannot be written. /sys/kernel is
# an empty one, where a simulated security processor has room.
START = r"""
set -eu
root=$1 group=$2
mount --make-rprivate /
mkdir -p "$root/hierarchy"
mount -t cgroup2 cgroup2 "$root/hierarchy"
mkdir "$root/hierarchy/$group"
echo $$ >"$root/hierarchy/$group/cgroup.procs"
umount "$root/hierarchy"
exec unshare --pid --net --uts --ipc --cgroup --mount --fork --kill-child sh -euc '
    root=$1
    ip link set lo up
    ip address add 169.254.169.254/32 dev lo
    hostname node1
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount -o remount,bind,ro "$root/proc/sys"
    mount -t sysfs -o ro sysfs "$root/sys"
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/kernel"
    mkdir "$root/sys/kernel/config"
    mount -t tmpfs -o mode=755 tmpfs "$root/sys/kernel/config"
    mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755 tmpfs "$root/dev"
    mount -t tmpfs -o mode=755 tmpfs "$root/run"
    mkdir "$root/dev/pts" "$root/dev/shm"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    mknod -m 666 "$root/dev/null" c 1 3
    mknod -m 666 "$root/dev/zero" c 1 5
    mknod -m 666 "$root/dev/full" c 1 7
    mknod -m 666 "$root/dev/random" c 1 8
    mknod -m 666 "$root/dev/urandom" c 1 9
    mknod -m 600 "$root/dev/kmsg" c 1 11
    mknod -m 600 "$root/dev/sev" c 240 1
    mknod -m 600 "$root/dev/sev-guest" c 240 2
    cd "$root"
    pivot_root . mnt
    umount -l /mnt
    exec env -i container=osev PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --show-status=no
' sh "$root"
"""


class NotHere(Exception):
    """This machine does not let one be made."""


class Machine:
    """Starts at once; ``root`` is its file system, from here."""

    def __init__(self, base: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="osev-systemd-"))
        self.root = self.folder / "root"
        self.root.mkdir()
        self.group = self.folder.name
        self.started: subprocess.Popen[bytes] | None = None
        try:
            unpacked = subprocess.run(["tar", "-C", self.root, "-xf", base], text=True, stderr=subprocess.PIPE)
            if unpacked.returncode != 0:
                raise NotHere(f"{base.name} cannot be unpacked: {unpacked.stderr[-200:]}")
            # in a folder no service is started; here they are
            (self.root / "usr/sbin/policy-rc.d").unlink()
            # what is global to this machine's kernel is none of its business
            for unit in ("systemd-modules-load.service", "systemd-sysctl.service", "systemd-update-utmp.service"):
                (self.root / "etc/systemd/system" / unit).symlink_to("/dev/null")
            self.start()
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        log = self.folder / "log"
        with log.open("wb") as output:
            command = ["unshare", "--mount", "sh", "-c", START, "sh", str(self.root), self.group]
            started = self.started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        booted = self.until(lambda: started.poll() is not None or self.state() in ("running", "degraded"))
        if not booted or started.poll() is not None:
            raise NotHere(f"no systemd in namespaces: {' '.join(log.read_text(errors='replace').split())[-300:] or self.state()}")

    @staticmethod
    def until(reached: Callable[[], object], patience: float = PATIENCE) -> bool:
        end = time.monotonic() + patience
        while not reached():
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def process(self) -> str | None:
        """Its process 1, by this machine's number."""
        if self.started is None:
            return None
        try:
            children = Path(f"/proc/{self.started.pid}/task/{self.started.pid}/children").read_text().split()
            return children[0] if children and Path(f"/proc/{children[0]}/comm").read_text() == "systemd\n" else None
        except FileNotFoundError:
            return None

    def state(self) -> str:
        return self.run("systemctl", "is-system-running").stdout.strip() if self.process() else "not started"

    def command(self, *words: str) -> list[str]:
        environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        return ["nsenter", "--target", str(self.process()), "--all", "--", "env", "-i", *environment, *words]

    def run(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*words), text=True, input=given or "", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300
        )

    def background(self, log: str, *words: str) -> subprocess.Popen[bytes]:
        with (self.folder / log).open("wb") as output:
            return subprocess.Popen(self.command(*words), stdin=subprocess.DEVNULL, stdout=output, stderr=output)

    def write(self, path: str, text: str) -> None:
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def close(self) -> None:
        if self.started and self.started.poll() is None:
            # with its process 1 all others of its namespace end
            self.started.kill()
            self.started.wait()
        with tempfile.TemporaryDirectory(prefix="osev-cgroup-") as hierarchy:
            script = 'mount -t cgroup2 cgroup2 "$1" && cd "$1" && { [ ! -d "$2" ] || find "$2" -depth -type d -exec rmdir {} +; }'
            self.until(
                lambda: (
                    subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", hierarchy, self.group], capture_output=True).returncode
                    == 0
                ),
                5,
            )
        shutil.rmtree(self.folder, ignore_errors=True)


def may_be_made() -> str | None:
    """Why one cannot be made here; none when it can."""
    if os.geteuid() != 0:
        return "a systemd in namespaces needs root"
    missing = [tool for tool in ("unshare", "nsenter", "ip", "pivot_root") if not shutil.which(tool)]
    return f"{', '.join(missing)} not installed" if missing else None
