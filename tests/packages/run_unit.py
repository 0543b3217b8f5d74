#!/usr/bin/python3
"""Starts a systemd unit's program in a folder where no systemd runs, as that would start it.

As its user, with its folders, and without what its settings take away, as far as a program without systemd can do that.

usage: run_unit.py UNIT [COMMAND...]      run_unit.py --serve UNIT
Says what became of it: "ready", then the output of COMMAND, then "ended CODE" after SIGTERM; or "failed CODE" or "restarts CODE", as
systemd would do by RestartPreventExitStatus. With --serve it goes on after "ready" until it gets SIGTERM itself. Output of the program
goes to standard error. Exit code 0 when it was ready, COMMAND ended with 0, and it with 0. Needs to be in mount and process namespaces of
its own. Not done: SystemCallFilter, RestrictAddressFamilies, RestrictNamespaces, DevicePolicy, and sets of capabilities that keep some.
"""

import ctypes
import grp
import os
import pwd
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_NAME, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 15, 24, 38, 65
MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
PATIENCE = 60


def settings(unit: str) -> dict[str, list[str]]:
    """Every key with its values; what begins with - may be missing."""
    found: dict[str, list[str]] = {}
    for line in Path("/lib/systemd/system", unit + ".service").read_text().splitlines():
        key, sign, value = line.partition("=")
        if sign and not key.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def last(unit: dict[str, list[str]], key: str, otherwise: str = "") -> str:
    return unit.get(key, [otherwise])[-1]


def mount(source: str, target: str, flags: int, kind: str | None = None) -> None:
    if LIBC.mount(source.encode(), target.encode(), kind.encode() if kind else None, flags, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), target)


def prepare_folders(unit: dict[str, list[str]], uid: int, gid: int) -> dict[str, str]:
    """State, runtime and configuration folders, and then nothing else to write to."""
    environment, writable = {}, [path.lstrip("-") for path in last(unit, "ReadWritePaths").split()]
    for key, root, variable in (("StateDirectory", "/var/lib", "STATE_DIRECTORY"), ("RuntimeDirectory", "/run", "RUNTIME_DIRECTORY")):
        for name in last(unit, key).split():
            folder = Path(root, name)
            folder.mkdir(parents=True, exist_ok=True)
            os.chown(folder, uid, gid)
            folder.chmod(int(last(unit, key + "Mode", "0755"), 8))
            environment[variable] = str(folder)
            writable.append(str(folder))
    mount("tmpfs", "/tmp", 0, "tmpfs")
    os.chmod("/tmp", 0o1777)
    if last(unit, "ProtectSystem") == "strict":
        for path in writable:
            if os.path.exists(path):
                mount(path, path, MS_BIND)
        mount("", "/", MS_REMOUNT | MS_BIND | MS_RDONLY)
    return environment


def environment_of(unit: dict[str, list[str]]) -> dict[str, str]:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
    for name in unit.get("EnvironmentFile", []):
        path = Path(name.lstrip("-"))
        if path.exists():
            pairs = (line.split("=", 1) for line in path.read_text().splitlines() if "=" in line and not line.startswith("#"))
            environment.update((key, value) for key, value in pairs)
        elif not name.startswith("-"):
            raise FileNotFoundError(path)
    return environment


def confine(unit: dict[str, list[str]], uid: int, gid: int) -> None:
    """In the child, before it becomes the program."""
    if "CapabilityBoundingSet" in unit and not last(unit, "CapabilityBoundingSet"):
        for capability in range(64):
            LIBC.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.setgroups([gid] if uid else [0, gid])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    os.umask(int(last(unit, "UMask", "0022"), 8))
    if last(unit, "MemoryDenyWriteExecute") == "yes":
        LIBC.prctl(PR_SET_MDWE, 1, 0, 0, 0)
    if last(unit, "NoNewPrivileges") == "yes":
        LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def main() -> int:
    serve, (name, *command) = sys.argv[1] == "--serve", sys.argv[2:] if sys.argv[1] == "--serve" else sys.argv[1:]
    unit = settings(name)
    user = pwd.getpwnam(last(unit, "User", "root"))
    gid = grp.getgrnam(last(unit, "Group")).gr_gid if "Group" in unit else user.pw_gid
    environment = environment_of(unit) | prepare_folders(unit, user.pw_uid, gid)
    ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    place = tempfile.mkdtemp(dir="/tmp")
    os.chmod(place, 0o755)
    ready.bind(place + "/notify")
    os.chmod(place + "/notify", 0o666)
    environment["NOTIFY_SOCKET"] = place + "/notify"

    # by its parent's name a program of .NET knows that systemd has started it, if it may see that
    if not (user.pw_uid and last(unit, "ProtectProc") == "invisible"):
        LIBC.prctl(PR_SET_NAME, b"systemd", 0, 0, 0)
    program = subprocess.Popen(
        last(unit, "ExecStart").split(),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        cwd="/",
        preexec_fn=lambda: confine(unit, user.pw_uid, gid),
    )
    ready.settimeout(0.2)
    for _ in range(PATIENCE * 5):
        try:
            if b"READY=1" in ready.recv(4096):
                break
        except TimeoutError:
            if program.poll() is not None:
                stays = str(program.returncode) in last(unit, "RestartPreventExitStatus").split()
                print("failed" if stays or last(unit, "Restart", "no") == "no" else "restarts", program.returncode)
                return 1
    else:
        program.kill()
        print(f"not ready within {PATIENCE} s")
        return 1

    print("ready", flush=True)
    if serve:
        signal.signal(signal.SIGTERM, lambda *_: program.terminate())
        return program.wait()
    answered = subprocess.run(command, check=False).returncode if command else 0
    program.terminate()
    try:
        code = program.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        program.kill()
        code = program.wait()
    print("ended", code)
    return answered or code


if __name__ == "__main__":
    sys.exit(main())
