#!/usr/bin/python3
"""Runs the commands of etc/README.md, block by block, in one shell, on the OpenStack of devstack/local (2026.2) with a simulated host.

usage: run.py [FILE.trx]
The machine on which the guide is followed is this one, seen through an overlay: packages are really installed, and nothing of that is left.
What systemd would do, stand-ins/systemctl does. Comments of the guide, <!-- lab: WORDS -->, call what lab.sh has by that name: what a lab has
otherwise than a cloud. Needs root, the Debian packages in artifacts/packages, the client of OpenStack and sqlite3; README.md has the rest.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
TREE = HERE.parent.parent
GUIDE = TREE / "etc" / "README.md"
STATE = Path("/var/lib/osev-stack-2026.2")
ADDRESS, PORT = "198.18.34.1", 9550
ALONE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")

# Lower is this machine; what is written goes to memory, and away. The stack's own folder is the real one: its processes are outside.
ENTER = r"""
work=$1 state=$2
mount -t tmpfs -o size=2g tmpfs "$work"
mkdir "$work/upper" "$work/work" "$work/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
mkdir -p "$work/root/guide"
mount -t tmpfs tmpfs "$work/root/tmp" && chmod 1777 "$work/root/tmp"
mount -t proc proc "$work/root/proc"
mount --rbind /dev "$work/root/dev"
mount --rbind /sys "$work/root/sys"
mount --bind "$state" "$work/root$state"
mount --bind "$3" "$work/root/guide"
printf '#!/bin/sh\nexit 101\n' >"$work/root/usr/sbin/policy-rc.d" && chmod 755 "$work/root/usr/sbin/policy-rc.d"
exec chroot "$work/root" env -i PATH=/guide/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive ADDRESS="$4" PORT="$5" STATE="$state" bash /guide/all.sh
"""


class Block:
    """Commands of the guide, or words of the lab between them."""

    def __init__(self, line: int, text: str, *, of_lab: bool) -> None:
        self.line, self.text, self.of_lab = line, text, of_lab
        needs = re.search(r"^# needs (.*)$", text, re.MULTILINE)
        # what stands above such a line in its block is run
        self.needs = needs[1] if needs and not of_lab else None
        self.run = text[: needs.start()] if needs else text

    @property
    def name(self) -> str:
        return f"etc/README.md line {self.line}"


def read(guide: str) -> list[Block]:
    blocks: list[Block] = []
    lines = guide.splitlines()
    number = 0
    while number < len(lines):
        line = lines[number]
        if words := re.fullmatch(r"<!-- lab: (.*) -->", line):
            blocks.append(Block(number + 1, words[1], of_lab=True))
        elif line == "```sh":
            end = lines.index("```", number)
            blocks.append(Block(number + 2, "\n".join(lines[number + 1 : end]) + "\n", of_lab=False))
            number = end
        elif line == "```":
            raise SystemExit(f"{GUIDE}:{number + 1}: a block without a language: sh is run, ini and text are shown")
        elif line.startswith("```"):
            number = lines.index("```", number + 1)
        number += 1
    return blocks


def write(blocks: list[Block], folder: Path) -> None:
    """A file a block, and one that runs them in one shell, which stops at the first that fails."""
    script = ["set -euo pipefail", "cd /guide/here", ". /guide/lab.sh"]
    for number, block in enumerate(blocks):
        if not block.run.strip():
            continue
        (folder / f"{number}.sh").write_text(block.run if block.of_lab else "set -x\n" + block.run + "{ set +x; } 2>/dev/null\n")
        script += [f"echo {number} >/guide/at", f"{{ . /guide/{number}.sh; }} >/guide/{number}.log 2>&1 </dev/null"]
    (folder / "all.sh").write_text("\n".join([*script, "echo end >/guide/at", ""]))


def prepare(folder: Path) -> None:
    """The stack as the guide leaves Nova, and the folder that is /guide inside."""
    subprocess.run(
        [
            TREE / "devstack/local/up.sh",
            "--release",
            "2026.2",
            "--computes",
            "4",
            "--mem-encryption",
            "compute1=2,compute2=sev:unlimited+sev_snp:2,compute3=sev_snp:3",
        ],
        check=True,
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env={
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "STATE_DIR": str(STATE),
            "OSEV_VENDORDATA_URL": f"https://{ADDRESS}:{PORT}/v1/vendordata",
            "OSEV_VENDORDATA_CA": f"{STATE}/guide.crt",
            "OSEV_UPDATE_RESOURCES_INTERVAL": "30",
        },
    )
    (folder / "here").mkdir()
    for package in (TREE / "artifacts/packages").glob("*.deb"):
        shutil.copy(package, folder / "here")
    shutil.copytree(HERE / "stand-ins", folder / "bin")
    shutil.copy(TREE / "tests/packages/run_unit.py", folder / "bin")
    shutil.copy(TREE / "devstack/local/python/metadata_proxy.py", folder)
    shutil.copy(HERE / "lab.sh", folder)


def outcome_of(block: Block, number: int, reached: str, failed: bool) -> str:
    if not block.run.strip():
        return "NotExecuted"
    if reached == "end" or number < int(reached):
        return "Passed"
    return "Failed" if failed and number == int(reached) else "NotExecuted"


def main() -> int:
    if not list((TREE / "artifacts/packages").glob("openstack-sev-control_*.deb")):
        raise SystemExit("error: no packages in artifacts/packages\nhint: etc/packages/build.sh")
    blocks = read(GUIDE.read_text())
    with tempfile.TemporaryDirectory(prefix="osev-guide-") as name:
        folder, work = Path(name, "guide"), Path(name, "work")
        folder.mkdir()
        work.mkdir()
        write(blocks, folder)
        prepare(folder)
        ended = subprocess.run([*ALONE, "sh", "-euc", ENTER, "sh", work, STATE, folder, ADDRESS, str(PORT)], check=False)
        reached = (folder / "at").read_text().strip() if (folder / "at").exists() else "0"
        outcomes = [outcome_of(block, number, reached, ended.returncode != 0) for number, block in enumerate(blocks)]
        if reached != "end":
            at = blocks[int(reached)]
            print(f"FAILED: {at.name}, exit code {ended.returncode}:\n{at.text}")
            for log in (folder / f"{reached}.log", *sorted((folder / "units").glob("*.log"))):
                if log.exists():
                    print(f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-40:]))
    counted = [(block, outcome) for block, outcome in zip(blocks, outcomes, strict=True) if not block.of_lab or outcome == "Failed"]
    for block, _ in counted:
        if block.needs:
            print(f"skipped: {block.name}: needs {block.needs}")
    if len(sys.argv) > 1:
        lines = [f'<UnitTestResult testName={quoteattr(block.name)} outcome="{outcome}" />' for block, outcome in counted]
        lines += [
            f'<UnitTestResult testName={quoteattr(block.name + ": needs " + block.needs)} outcome="NotExecuted" />'
            for block, outcome in counted
            if block.needs and outcome == "Passed"
        ]
        Path(sys.argv[1]).write_text("<TestRun>\n" + "\n".join(lines) + "\n</TestRun>\n")
    return 0 if reached == "end" and ended.returncode == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
