"""A sandbox in which DevStack's stand-in runs the plugin with the real programs, and what can be asked of it afterwards."""

# ruff: noqa: S603, S607 (what is run here is ours)
from __future__ import annotations

import atexit
import configparser
import functools
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = {"osev": "Cli", "openstack-sev-control": "Control", "openstack-sev-agent": "Agent"}
# what a compute node without anything else runs
SUBNODE = "n-cpu,q-agt"
COMPUTE_ID = "5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11"

# What a program asks of a cloud cannot be answered here: the real one still has to take the command line, and finds no Keystone. A machine
# that is not thorough spares itself what another has tried: it has the files that the program made there.
OSEV = """#!/bin/bash
set -eu
printf 'osev\\x1f%s\\n' "$(IFS=$'\\x1f'; echo "$*")" >>"$CALLS"
out=$(printf '%s\\n' "$@" | sed -n '/^--out$\\|^--ca$\\|^--folder$/{{n;p}}' | tail -1)
case "$1 $2" in
    "simulate chain") mkdir -p "$out"; cp {chain}/* "$out"; exit ;;
    "simulate host" | "endorsements import" | "host certificate")
        [ {thorough} = False ] || exec {real} "$@"
        mkdir -p "$out"
        touch "$out/simulated" "$out/ca.pem" "$out/{compute}.crt"
        exit ;;
esac
grep -q "^  $OS_CLOUD:" "$OS_CLIENT_CONFIG_FILE"
code=1
[ {thorough} = False ] || {{ code=0; {real} "$@" >"$SANDBOX/osev.out" 2>&1 || code=$?; }}
if [ $code = 64 ] || [ $code = 0 ]; then
    cat "$SANDBOX/osev.out"
    printf 'REFUSED\\x1fosev %s: exit code %s\\n' "$*" $code >>"$CALLS"
    exit 64
fi
[ ! -e "$SANDBOX/osev-fails" ] || exit 1
case "$1 $2" in
    "snapshot-sync keys") touch "$4" ;;
    "resource provider") printf 'UUID\\n{compute}\\n' ;;
esac
"""

# the samples are the same each time; a configuration that others have tried is not tried again
SAMPLED = """#!/bin/bash
case "$*" in
    "manage config sample" | --print-sample) cat {sample} ;;
    "manage db sync --config-file "*) [ -n "${{UNCHECKED:-}}" ] || exec {real} "$@" ;;
    *) exec {real} "$@" ;;
esac
"""

# What is published is what tests/run.sh built.
DOTNET = """#!/bin/bash
set -eu
printf 'dotnet\\x1f%s\\n' "$(IFS=$'\\x1f'; echo "$*")" >>"$CALLS"
if [ "$*" = --list-sdks ]; then echo "10.0.100 [/usr/share/dotnet/sdk]"; exit; fi
[ "$1 $3 $4 $5 $6" = "publish -c Release -p:PublishAot=false -o" ] && ls "$2"/*.csproj >/dev/null
mkdir -p "$7"
ln -sf "$2/bin/Release/net10.0/$(basename "$7")" "$7/"
"""


@functools.cache
def made() -> Path:
    """The chain with its short keys, whose primes take the most of the time, and the samples: once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="osev-devstack-made-"))
    atexit.register(shutil.rmtree, folder)
    chain = [str(real("osev")), "simulate", "chain", "--product", "turin", "--key-bits", "2048", "--out", str(folder / "amd")]
    subprocess.run(chain, check=True, capture_output=True)
    for program, arguments in (("openstack-sev-control", ["manage", "config", "sample"]), ("openstack-sev-agent", ["--print-sample"])):
        (folder / program).write_bytes(subprocess.run([real(program), *arguments], check=True, capture_output=True).stdout)
    return folder


def real(program: str) -> Path:
    return ROOT / f"src/OpenStackSev.{PROGRAMS[program]}/bin/Release/net10.0" / program


class Sandbox:
    """One machine: its /etc, its DevStack, and what was called there."""

    def __init__(self, thorough: bool = False) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="osev-devstack-"))
        self.conf = self.path / "etc/openstack-sev"
        self.data = self.path / "opt/stack/data/openstack-sev"
        self.calls_file = self.path / "calls"
        self.programs = self.path / "programs"
        self.programs.mkdir()
        for program in PROGRAMS:
            text = OSEV if program == "osev" else SAMPLED
            self.executable(
                self.programs / program,
                text.format(real=real(program), compute=COMPUTE_ID, chain=made() / "amd", sample=made() / program, thorough=thorough),
            )
        (self.path / "bin").mkdir()
        self.machine("none")

    def executable(self, file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)

    def machine(self, sev: str) -> None:
        """What the kernel says of SEV; none where there is no kvm_amd."""
        root = self.path / "machine"
        shutil.rmtree(root, ignore_errors=True)
        (root / "dev").mkdir(parents=True)
        if sev != "none":
            (root / "sys/module/kvm_amd/parameters").mkdir(parents=True)
            (root / "sys/module/kvm_amd/parameters/sev").write_text(sev + "\n")
            (root / "dev/sev").touch()

    def run(self, *arguments: str, expect: int = 0, **settings: str) -> str:
        """A run of stack.sh, unstack.sh or clean.sh; what it printed. Another exit code, or something refused, fails the test."""
        self.calls_file.write_text("")
        environment = {
            "PATH": f"{self.path / 'bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(self.path),
            "SANDBOX": str(self.path),
            "CALLS": str(self.calls_file),
            "PLUGIN": str(ROOT),
            "COMPUTE_ID": COMPUTE_ID,
            "OSEV_CONF_DIR": str(self.conf),
            "OSEV_MACHINE": str(self.path / "machine"),
            "OSEV_PROGRAMS": str(self.programs),
            **{name: os.environ[name] for name in ("DOTNET_ROOT",) if name in os.environ},
            **settings,
        }
        done = subprocess.run(
            ["bash", str(ROOT / "tests/devstack/devstack.sh"), *arguments],
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=300,
        )
        refused = [call[1:] for call in self.calls() if call[0] == "REFUSED"]
        if refused or done.returncode != expect:
            raise AssertionError(f"{arguments}: exit code {done.returncode}, refused {refused}\n{done.stdout}")
        return done.stdout

    def calls(self, *names: str) -> list[list[str]]:
        """All calls, or those of these functions, as lists of words."""
        lines = [line.split("\x1f") for line in self.calls_file.read_text().splitlines()]
        return [line for line in lines if not names or line[0] in names]

    def files(self) -> set[str]:
        return {str(file.relative_to(self.path)) for file in self.path.rglob("*")}

    def remove(self) -> None:
        shutil.rmtree(self.path)


class Case(unittest.TestCase):
    """A test with a machine of its own."""

    def setUp(self) -> None:
        self.here = Sandbox()
        self.addCleanup(self.here.remove)


def ini(file: Path) -> dict[str, dict[str, list[str]]]:
    """An INI file as oslo.config reads it: an option may have several lines, and all count."""

    class Lines(dict):  # type: ignore[type-arg]
        def __setitem__(self, key: str, value: object) -> None:
            if isinstance(value, list) and key in self:
                self[key].extend(value)
            else:
                super().__setitem__(key, value)

    parser = configparser.RawConfigParser(dict_type=Lines, strict=False, default_section="no section is the default one")
    parser.read(file)
    return {section: {option: text.split("\n") for option, text in parser.items(section)} for section in parser.sections()}


def takes(command: list[str]) -> list[str]:
    """Why the real program does not take this command line. One option that it cannot know is added, and nothing runs."""
    done = subprocess.run([*command, "--no-such-option"], text=True, capture_output=True, timeout=60)
    errors = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    alone = len(errors) == 1 and "'--no-such-option'" in errors[0]
    return [] if done.returncode == 64 and alone else [f"exit code {done.returncode}", *errors]
