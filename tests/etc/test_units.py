"""The systemd units, tmpfiles.d and logrotate.d, by the tools that read them."""

from __future__ import annotations

import getpass
import grp
import os
import re
import shutil
import tempfile
import unittest
from pathlib import Path

from given import ETC, needs, run

UNITS = sorted((ETC / "systemd").glob("*.service"))

# As systemd counts what a unit could still do, in tenths: 100 is everything. With what it has now, no more than that.
EXPOSURE = {"openstack-sev-agent": 24, "openstack-sev-control": 17, "openstack-sev-guest": 26, "openstack-sev-snapshot-sync": 19}


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="osev-etc-"))
        self.addCleanup(shutil.rmtree, self.folder)


class Units(Folder):
    def test_systemd_takes_them(self) -> None:
        analyze = needs("systemd-analyze", "systemd")
        for unit in UNITS:
            # its program is not here: another one stands for it
            text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text(), flags=re.M)
            (self.folder / unit.name).write_text(text)
            checked = run(analyze, "verify", "--man=no", self.folder / unit.name)
            with self.subTest(unit=unit.name):
                self.assertEqual((checked.returncode, checked.stdout), (0, ""))

    def test_none_can_do_more_than_it_could(self) -> None:
        analyze = needs("systemd-analyze", "systemd")
        self.assertEqual({unit.stem for unit in UNITS}, set(EXPOSURE))
        for unit in UNITS:
            rated = run(analyze, "security", "--offline=true", f"--threshold={EXPOSURE[unit.stem]}", unit)
            with self.subTest(unit=unit.name):
                self.assertEqual(rated.returncode, 0, rated.stdout[-300:])

    def test_devices_are_named_or_there_are_none(self) -> None:
        devices = {
            unit.stem: re.findall(r"^(PrivateDevices=yes|DevicePolicy=closed|DeviceAllow=.*)$", unit.read_text(), re.M) for unit in UNITS
        }
        self.assertEqual(
            devices,
            {
                "openstack-sev-agent": ["DevicePolicy=closed", "DeviceAllow=/dev/sev r"],
                "openstack-sev-control": ["PrivateDevices=yes"],
                "openstack-sev-guest": ["DevicePolicy=closed", "DeviceAllow=/dev/sev-guest rw"],
                "openstack-sev-snapshot-sync": ["PrivateDevices=yes"],
            },
        )

    def test_only_what_needs_root_is_root(self) -> None:
        users = {unit.stem: re.findall(r"^User=(.*)$", unit.read_text(), re.M) for unit in UNITS}
        self.assertEqual(
            users,
            {
                "openstack-sev-agent": [],
                "openstack-sev-control": ["openstack-sev"],
                "openstack-sev-guest": [],
                "openstack-sev-snapshot-sync": ["openstack-sev-sync"],
            },
        )


class TemporaryFiles(Folder):
    def test_folders_and_modes_are_made(self) -> None:
        tool = needs("systemd-tmpfiles", "systemd")
        if os.geteuid() != 0:
            self.skipTest("systemd-tmpfiles gives files to users, which needs root")
        conf = self.folder / "etc/openstack-sev"
        (conf / "agent.conf.d").mkdir(parents=True)
        (conf / "openstack-sev.conf").write_text("[DEFAULT]\n")
        (conf / "agent.conf").write_text("[DEFAULT]\n")
        (self.folder / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nopenstack-sev:x:4711:4712::/:/bin/sh\n")
        (self.folder / "etc/group").write_text("root:x:0:\nopenstack-sev:x:4712:\n")
        for file in sorted((ETC / "tmpfiles.d").glob("*.conf")):
            made = run(tool, "--create", f"--root={self.folder}", file)
            self.assertEqual(made.returncode, 0, made.stdout)
        seen = {
            name: self.seen(name)
            for name in (
                "var/lib/openstack-sev/node-ca",
                "etc/openstack-sev/openstack-sev.conf",
                "etc/openstack-sev/agent.conf",
                "etc/openstack-sev/agent.conf.d",
            )
        }
        self.assertEqual(
            seen,
            {
                "var/lib/openstack-sev/node-ca": (0o700, 4711, 4712),
                "etc/openstack-sev/openstack-sev.conf": (0o640, 0, 4712),
                "etc/openstack-sev/agent.conf": (0o640, 0, 0),
                "etc/openstack-sev/agent.conf.d": (0o750, 0, 0),
            },
        )

    def seen(self, name: str) -> tuple[int, int, int]:
        of = (self.folder / name).stat()
        return of.st_mode & 0o7777, of.st_uid, of.st_gid


class Logs(Folder):
    def test_what_was_put_aside_is_compressed_and_what_is_written_is_left(self) -> None:
        tool = needs("logrotate", "logrotate")
        events = self.folder / "events"
        events.mkdir()
        for name in ("events.json", "events.json.1", "events.json.2", "audit.json", "audit.json.10"):
            (events / name).write_text(f"{name}\n")
        written = {name: (events / name).stat().st_ino for name in ("events.json", "audit.json")}
        text = (ETC / "logrotate.d/openstack-sev-control").read_text()
        self.assertEqual(text.count("/var/lib/openstack-sev/control/events"), 2)
        text = text.replace("/var/lib/openstack-sev/control/events", str(events))
        text = text.replace("su openstack-sev openstack-sev", f"su {getpass.getuser()} {grp.getgrgid(os.getgid()).gr_name}")
        (self.folder / "conf").write_text(text)
        (self.folder / "conf").chmod(0o644)
        for _ in range(2):
            done = run(tool, "--force", "--state", self.folder / "state", self.folder / "conf")
            self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual({name: (events / name).stat().st_ino for name in written}, written)
        left = sorted(re.sub(r"-\d{8}-\d+\.gz$", "-TIME.gz", file.name) for file in events.iterdir())
        self.assertEqual(left, ["audit.json", "audit.json.10-TIME.gz", "events.json", "events.json.1-TIME.gz", "events.json.2-TIME.gz"])


if __name__ == "__main__":
    unittest.main()
