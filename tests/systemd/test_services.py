"""The units as the packages bring them, under a systemd of Debian's own: start, work, confinement, stop, crash, misconfiguration."""

from __future__ import annotations

import json
import os
import re
import subprocess
import unittest
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from machine import Machine, NotHere, may_be_made

HERE = Path(__file__).resolve().parent
PACKAGES = HERE.parents[1] / "artifacts/packages"
UNITS = ("agent", "control", "guest", "snapshot-sync")
CLOUD = "http://127.0.0.1:5000/v3"
OF_ROOT = {"CAP_DAC_READ_SEARCH": 1 << 2}

machine: Machine
cloud: subprocess.Popen[bytes]
first: dict[str, dict[str, str]] = {}


def skipped(why: str) -> unittest.SkipTest:
    if os.environ.get("CI") == "true":
        raise AssertionError(why)
    return unittest.SkipTest(why)


def setUpModule() -> None:
    """Boots, installs all packages with nothing configured, and keeps what became of their units."""
    global machine, cloud
    if why := may_be_made():
        raise skipped(why)
    bases, files = list(PACKAGES.glob("fresh-*.tar")), sorted(PACKAGES.glob("*.deb"))
    if not bases or not files:
        raise skipped("no packages in artifacts/packages: tests/packages.sh makes them")
    try:
        machine = Machine(bases[0])
    except NotHere as e:
        raise unittest.SkipTest(str(e)) from None
    unittest.addModuleCleanup(machine.close)
    for script in ("cloud.py", "probe.py"):
        machine.write(script, (HERE / script).read_text())
    cloud = machine.background("cloud.log", "/usr/bin/python3", "/cloud.py")
    unittest.addModuleCleanup(cloud.wait)
    unittest.addModuleCleanup(cloud.kill)
    for unit in UNITS:
        # the same, sooner; and beside each program one that tells what such a one can do
        machine.write(
            f"etc/systemd/system/openstack-sev-{unit}.service.d/test.conf",
            "[Unit]\nStartLimitIntervalSec=0\n[Service]\nRestartSec=100ms\nExecStartPost=/usr/bin/python3 /probe.py\n",
        )
    for file in files:
        machine.write(f"root/{file.name}", "")
        (machine.root / "root" / file.name).write_bytes(file.read_bytes())
    installed = machine.run("sh", "-c", "dpkg --force-unsafe-io -i /root/*.deb")
    if installed.returncode != 0:
        raise AssertionError(installed.stdout)
    for unit in UNITS:
        settled(unit)
        first[unit] = shown(unit)


def shown(unit: str) -> dict[str, str]:
    names = "ActiveState,SubState,Result,NRestarts,ExecMainStatus,ExecMainCode,MainPID,StatusText"
    lines = machine.run("systemctl", "show", f"openstack-sev-{unit}", "--property", names).stdout.splitlines()
    return dict(line.split("=", 1) for line in lines)


def settled(unit: str) -> None:
    """Neither starting nor waiting for the next start."""
    if not machine.until(lambda: shown(unit)["ActiveState"] in ("active", "failed", "inactive")):
        raise AssertionError(f"{unit}: {shown(unit)} {said(unit)}")


def said(unit: str) -> str:
    machine.run("journalctl", "--sync")
    return machine.run("journalctl", "--no-pager", "--output=cat", f"--unit=openstack-sev-{unit}").stdout


def systemctl(verb: str, unit: str) -> None:
    done = machine.run("systemctl", verb, f"openstack-sev-{unit}")
    if done.returncode != 0:
        raise AssertionError(f"systemctl {verb} {unit}: {done.stdout} {shown(unit)} {said(unit)}")


class NotConfigured(unittest.TestCase):
    def test_a_package_is_installed_and_its_service_ends_once_with_78(self) -> None:
        for unit in ("agent", "control", "snapshot-sync"):
            with self.subTest(unit):
                seen = {name: first[unit][name] for name in ("ActiveState", "Result", "NRestarts", "ExecMainStatus")}
                self.assertEqual(seen, {"ActiveState": "failed", "Result": "exit-code", "NRestarts": "0", "ExecMainStatus": "78"})
                self.assertRegex(said(unit), "(?m)^error: ")

    def test_the_attester_needs_no_configuration(self) -> None:
        self.assertEqual((first["guest"]["ActiveState"], first["guest"]["NRestarts"]), ("active", "0"))


class Services:
    """What is true of each; in a class, so that it runs only in those that follow."""

    class Service(unittest.TestCase):
        unit: str
        confinement: ClassVar[dict[str, Any]]

        def test_it_becomes_ready_and_works(self) -> None:
            self.assertEqual((shown(self.unit)["ActiveState"], shown(self.unit)["SubState"]), ("active", "running"))
            self.work()

        def work(self) -> None:
            raise NotImplementedError

        def misconfigure(self) -> None:
            raise NotImplementedError

        def test_it_can_do_what_it_needs_and_nothing_else(self) -> None:
            probed = re.findall(r"(?m)^probe (.*)$", said(self.unit))
            self.assertEqual(json.loads(probed[-1]), self.confinement)

        def test_it_was_refused_nothing(self) -> None:
            self.assertNotRegex(said(self.unit), "status=31/SYS|Operation not permitted|Permission denied|Read-only file system")

        def test_it_stops_and_starts(self) -> None:
            systemctl("stop", self.unit)
            seen = {name: shown(self.unit)[name] for name in ("ActiveState", "Result", "ExecMainCode", "ExecMainStatus")}
            # 1: it has exited, and no signal ended it
            self.assertEqual(seen, {"ActiveState": "inactive", "Result": "success", "ExecMainCode": "1", "ExecMainStatus": "0"})
            systemctl("start", self.unit)
            before = shown(self.unit)["MainPID"]
            systemctl("restart", self.unit)
            after = shown(self.unit)
            self.assertEqual(after["ActiveState"], "active")
            self.assertNotEqual(after["MainPID"], before)
            self.work()

        def test_one_that_was_killed_is_started_again(self) -> None:
            before = shown(self.unit)
            inside("systemctl", "kill", "--signal=KILL", "--kill-who=main", f"openstack-sev-{self.unit}")
            again = machine.until(
                lambda: (now := shown(self.unit))["ActiveState"] == "active" and now["MainPID"] not in ("0", before["MainPID"])
            )
            self.assertTrue(again, shown(self.unit))
            self.assertEqual(int(shown(self.unit)["NRestarts"]), int(before["NRestarts"]) + 1)
            self.work()

        def test_one_that_is_misconfigured_is_not_started_again_and_again(self) -> None:
            self.misconfigure()
            try:
                machine.run("systemctl", "daemon-reload")
                machine.run("systemctl", "restart", f"openstack-sev-{self.unit}")
                # where it would be started again, it would be activating now
                self.assertEqual((shown(self.unit)["ActiveState"], shown(self.unit)["Result"]), ("failed", "exit-code"))
                self.assertIn(shown(self.unit)["ExecMainStatus"], ("64", "78"))
            finally:
                for path in machine.root.glob("etc/**/zz-wrong.conf"):
                    path.unlink()
                machine.run("systemctl", "daemon-reload")
                systemctl("restart", self.unit)

        def reaches(self, sought: Callable[[], object]) -> None:
            self.assertTrue(machine.until(sought), f"{shown(self.unit)} {said(self.unit)[-3000:]}")


def inside(*words: str) -> str:
    done = machine.run(*words)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(words)}: {done.stdout}")
    return done.stdout


# What is refused to all of them, and how.
REFUSED = {
    "filtered": True,
    "new_privileges": False,
    "write /usr": "EROFS",
    "write /etc": "EROFS",
    "write /sys/kernel/config": "EROFS",
    "mount": "EPERM",
    "namespace": "EPERM",
    "netlink": "EAFNOSUPPORT",
    "inet": "yes",
    "clock": "EPERM",
    "new code": "EPERM",
    "read /dev/sev": "EPERM",
    "write /dev/sev": "EPERM",
    "write /dev/sev-guest": "EPERM",
    "read /dev/kmsg": "EACCES",
    "capabilities": 0,
}
NO_DEVICES = {name: "ENOENT" for name in REFUSED if "/dev/" in name}


class Agent(Services.Service):
    unit = "agent"
    # ENXIO: it may be opened, and has no driver here
    confinement: ClassVar[dict[str, Any]] = {
        **REFUSED,
        "read /dev/sev": "ENXIO",
        "read /dev/kmsg": "ENXIO",
        "capabilities": OF_ROOT["CAP_DAC_READ_SEARCH"],
    }

    @classmethod
    def setUpClass(cls) -> None:
        inside("osev", "simulate", "host", "--model", "turin", "--asids", "6", "--min-sev-asid", "4", "--out", "/srv/machine")
        machine.write(
            "etc/openstack/clouds.yaml",
            f"clouds: {{here: {{auth: {{auth_url: '{CLOUD}', username: node, password: secret, project_name: service,"
            " user_domain_name: Default, project_domain_name: Default}}}\n",
        )
        machine.write(
            "etc/openstack-sev/agent.conf.d/site.conf",
            "[DEFAULT]\nplatform_root = /srv/machine\n[openstack]\ncloud = here\n[capacity]\nstart_jitter = 0\nnode_name = node1\n",
        )
        systemctl("start", cls.unit)

    def work(self) -> None:
        def published() -> bool:
            seen = machine.run("cat", "/run/placement.json").stdout
            return "CUSTOM_SEV_SNP_ASID" in seen and (machine.root / "var/lib/openstack-sev/agent/capacity.json").exists()

        self.reaches(published)
        self.assertIn("nothing to write", inside("openstack-sev-agent", "--dry-run"))

    def misconfigure(self) -> None:
        machine.write("etc/openstack-sev/agent.conf.d/zz-wrong.conf", "[capacity]\nintervall = 60\n")


class Control(Services.Service):
    unit = "control"
    # .NET compiles while it runs
    confinement: ClassVar[dict[str, Any]] = {**REFUSED, **NO_DEVICES, "new code": "yes"}

    @classmethod
    def setUpClass(cls) -> None:
        subprocess.run(["sh", "-euc", CERTIFICATE, "sh", machine.root / "etc/openstack-sev"], check=True, capture_output=True)
        inside("chgrp", "openstack-sev", "/etc/openstack-sev/control.key")
        inside("chmod", "640", "/etc/openstack-sev/control.key")
        machine.write(
            "etc/openstack-sev/openstack-sev.conf.d/site.conf",
            "[api]\nbind_host = 0.0.0.0\ntls_cert = /etc/openstack-sev/control.crt\ntls_key = /etc/openstack-sev/control.key\n"
            f"[keystone_authtoken]\nauth_url = {CLOUD}\npassword = secret\nuser_domain_name = Default\nproject_domain_name = Default\n",
        )
        inside("runuser", "-u", "openstack-sev", "--", "openstack-sev-control", "manage", "db", "sync")
        systemctl("start", cls.unit)

    def work(self) -> None:
        self.reaches(lambda: machine.run("python3", "-c", ASK, "healthcheck", "OK").returncode == 0)
        self.reaches(lambda: machine.run("python3", "-c", ASK, "v1/hosts", "hosts").returncode == 0)
        folder = "/var/lib/openstack-sev/control"
        seen = inside("stat", "-c", "%a %U", folder, f"{folder}/control.sqlite", f"{folder}/results.keys").split("\n")
        self.assertEqual(seen, ["750 openstack-sev", "600 openstack-sev", "600 openstack-sev", ""])

    def misconfigure(self) -> None:
        machine.write("etc/openstack-sev/openstack-sev.conf.d/zz-wrong.conf", "[api]\nbind_prot = 1\n")


class Guest(Services.Service):
    unit = "guest"
    confinement: ClassVar[dict[str, Any]] = {**REFUSED, "write /sys/kernel/config": "yes", "write /dev/sev-guest": "ENXIO"}

    @classmethod
    def setUpClass(cls) -> None:
        inside("osev", "simulate", "chain", "--product", "turin", "--key-bits", "2048", "--out", "/srv/amd")
        processor = machine.background(
            "processor.log", "osev", "simulate", "guest", "--chain", "/srv/amd", "--out", "/sys/kernel/config/tsm"
        )
        cls.addClassCleanup(processor.wait)
        cls.addClassCleanup(processor.kill)
        systemctl("restart", cls.unit)

    def work(self) -> None:
        self.reaches(lambda: machine.run("openstack-sev-guest", "status").returncode == 0)
        self.assertEqual(inside("openstack-sev-guest", "token"), "aaa.bbb.ccc\n")
        self.assertIn("SIMULATED report", inside("openstack-sev-guest", "report", "--report-data", "ab" * 64, "--out", "/root/report"))
        seen = inside(
            "stat", "-c", "%n %a %U:%G", "/run/openstack-sev", "/run/openstack-sev/guest.sock", "/run/openstack-sev/token"
        ).splitlines()
        modes = ["750", "660", "640"]
        self.assertEqual([line.split(" ", 1)[1] for line in seen], [f"{mode} root:openstack-sev" for mode in modes])
        self.assertEqual(inside("ls", "/sys/kernel/config/tsm/report"), "")

    def misconfigure(self) -> None:
        machine.write(
            "etc/systemd/system/openstack-sev-guest.service.d/zz-wrong.conf",
            "[Service]\nExecStart=\nExecStart=/usr/bin/openstack-sev-guest run --nudge-interval 5\n",
        )


class SnapshotSync(Services.Service):
    unit = "snapshot-sync"
    confinement: ClassVar[dict[str, Any]] = {**REFUSED, **NO_DEVICES}

    @classmethod
    def setUpClass(cls) -> None:
        if shown("control")["ActiveState"] != "active":
            Control.setUpClass()
        Control().reaches(lambda: machine.run("python3", "-c", ASK, "healthcheck", "OK").returncode == 0)
        environment = {
            "OS_AUTH_URL": CLOUD,
            "OS_USERNAME": "node",
            "OS_PASSWORD": "secret",
            "OS_PROJECT_NAME": "service",
            "OS_USER_DOMAIN_NAME": "Default",
            "OS_PROJECT_DOMAIN_NAME": "Default",
            "OS_CACERT": "/etc/openstack-sev/control.crt",
        }
        lines = [f"{key}={value}" for key, value in environment.items()]
        machine.write("etc/openstack-sev/snapshot-sync.env", "\n".join(lines) + "\n")
        inside("env", *lines, "osev", "snapshot-sync", "keys")
        systemctl("start", cls.unit)

    def work(self) -> None:
        file = machine.root / "var/lib/openstack-sev/scheduling/snapshot"
        file.unlink(missing_ok=True)
        self.reaches(file.exists)
        self.assertEqual([one.name for one in file.parent.iterdir()], ["snapshot"])
        self.assertEqual(inside("stat", "-c", "%a %U", "/var/lib/openstack-sev/scheduling/snapshot"), "644 openstack-sev-sync\n")

    def misconfigure(self) -> None:
        machine.write(
            "etc/systemd/system/openstack-sev-snapshot-sync.service.d/zz-wrong.conf",
            "[Service]\nExecStart=\nExecStart=/usr/bin/osev snapshot-sync --keys /etc/openstack-sev/none.json\n",
        )


CERTIFICATE = """openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 2 -subj /CN=127.0.0.1 \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$1/control.key" -out "$1/control.crt" """

ASK = """
import ssl, sys, urllib.request
context = ssl.create_default_context(cafile="/etc/openstack-sev/control.crt")
request = urllib.request.Request("https://127.0.0.1:9520/" + sys.argv[1], headers={"X-Auth-Token": "token-of-the-only-user"})
assert sys.argv[2] in urllib.request.urlopen(request, context=context).read().decode()
"""


if __name__ == "__main__":
    unittest.main()
