"""What DevStack would not take, and what the plugin's README says."""

from __future__ import annotations

import re
import unittest

from given import ROOT, Case, real, takes


class StandIns(Case):
    """What DevStack would not take fails here too."""

    def plugin(self, body: str) -> str:
        folder = self.here.path / "plugin/devstack"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("override-defaults", "settings"):
            (folder / name).write_text("")
        (folder / "plugin.sh").write_text(body)
        return str(folder.parent)

    def test_a_plugin_that_does_nothing_passes(self) -> None:
        self.here.run("stack", PLUGIN=self.plugin(":\n"))

    def test_what_devstack_does_not_take_fails(self) -> None:
        nova = self.here.path / "etc/nova/nova.conf"
        for body in (
            "get_or_create_servise a b c",
            "_get_or_create_endpoint_with_interface a public http://x r",
            "no_such_program | true",
            "get_or_create_endpoint attestation RegionOne",
            "get_or_create_endpoint attestation https://x RegionOne",
            "create_service_user",
            "get_or_create_service openstack-sev 'a service'",
            f"iniset {nova} api x",
            f"iniset {nova} api x a b",
            f"iniset {nova} api x ''",
            f"iniset {nova} api x 'a&b'",
            "iniset /etc/passwd a b c",
            "iniget /nowhere/x a b",
            "sudo rm -f /etc/nowhere",
            f"iniadd {nova} a b 'c d'",
            "run_process n-cpu openstack-sev-agent",
            "run_process n-cpu '/bin/sh -c \"a; b\"'",
            "run_process n-cpu /nowhere/program",
            "run_process n-cpu /bin/sh '' no-such-user",
            "wait_for_service http://x 60",
            "die 'no line'",
            "trueorfalse False $HOME",
            "pip_install /nowhere",
            "set +o errexit",
            "shopt -s nullglob",
            "trap : EXIT",
        ):
            with self.subTest(body=body), self.assertRaisesRegex(AssertionError, "refused \\[\\["):
                self.here.run("stack", "post-config", PLUGIN=self.plugin(body + "\n"))


class Readme(unittest.TestCase):
    """What the README says of settings."""

    readme = (ROOT / "devstack/README.md").read_text()
    settings = (ROOT / "devstack/settings").read_text()

    def test_the_table_has_every_setting_with_its_default(self) -> None:
        table = dict(re.findall(r"^\| `(OSEV_[A-Z_]+)` \|\s*`?([^|`]*?)`?\s*\|", self.readme, re.M))
        code = dict(re.findall(r"^(OSEV_[A-Z_]+)=\$\{\1:-(.*)\}$", self.settings, re.M))
        code["OSEV_SERVICE_LISTEN_ADDRESS"] = "$SERVICE_LISTEN_ADDRESS"
        self.assertEqual(table, code)

    def test_examples_set_what_there_is(self) -> None:
        for name in re.findall(r"^(OSEV_[A-Z_]+)=", self.readme, re.M):
            self.assertIn(f"{name}=${{{name}:-", self.settings)

    def test_commands_are_such_that_osev_takes_them(self) -> None:
        commands = re.findall(r"^(osev .*?) +#", self.readme, re.M)
        self.assertEqual(len(commands), 2)
        for command in commands:
            self.assertEqual(takes([str(real("osev")), *command.split()[1:]]), [], command)
