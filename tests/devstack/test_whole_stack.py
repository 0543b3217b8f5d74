"""The DevStack plugin on one machine that does all."""

from __future__ import annotations

import subprocess
import unittest
from pathlib import Path

from given import COMPUTE_ID, ROOT, Sandbox, ini, real, takes


class WholeStack(unittest.TestCase):
    """One machine that does all, without SEV. Stacked once, and looked at from all sides."""

    here: Sandbox
    printed: str
    nova: dict[str, dict[str, list[str]]]
    control: dict[str, dict[str, list[str]]]
    agent: dict[str, dict[str, list[str]]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.here = Sandbox(thorough=True)
        cls.addClassCleanup(cls.here.remove)
        cls.printed = cls.here.run("stack", XTRACE="yes")
        cls.nova = ini(cls.here.path / "etc/nova/nova.conf")
        cls.control = ini(cls.here.conf / "openstack-sev.conf")
        cls.agent = ini(cls.here.conf / "agent.conf")

    def test_keystone_gets_the_user_the_service_and_its_endpoints(self) -> None:
        url = "https://127.0.0.1:9520"
        self.assertEqual(
            self.here.calls("create_service_user", "get_or_create_service", "get_or_create_endpoint"),
            [
                ["create_service_user", "openstack-sev", "admin"],
                ["get_or_create_service", "openstack-sev", "attestation", "Confidential VMs: proof and enrolment"],
                ["get_or_create_endpoint", "attestation", "RegionOne", url, url, url],
            ],
        )

    def test_the_filter_is_installed_for_novas_python_and_enabled_behind_the_others(self) -> None:
        [install] = self.here.calls("pip_install")
        self.assertEqual(install[1], "--no-deps")
        self.assertTrue((Path(install[2]) / "openstack_sev_filter/filter.py").exists())
        scheduler = self.nova["filter_scheduler"]
        self.assertEqual(
            scheduler["available_filters"], ["nova.scheduler.filters.all_filters", "openstack_sev_filter.filter.SevTrustFilter"]
        )
        self.assertEqual(
            scheduler["enabled_filters"], ["ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,SameHostFilter,SevTrustFilter"]
        )
        self.assertEqual(
            self.nova["openstack_sev"],
            {"snapshot_file": [f"{self.here.data}/scheduling/snapshot"], "snapshot_keys": [f"{self.here.conf}/snapshot-keys.json"]},
        )

    def test_the_filters_options_are_those_that_it_registers(self) -> None:
        options = (ROOT / "src/nova-filter/openstack_sev_filter/options.py").read_text()
        for option in self.nova["openstack_sev"]:
            self.assertIn(f'"{option}"', options)

    def test_nova_asks_for_vendordata_also_on_compute_nodes(self) -> None:
        for file in ("nova.conf", "nova-cpu.conf"):
            nova = ini(self.here.path / "etc/nova" / file)
            self.assertEqual(
                nova["api"],
                {
                    "vendordata_providers": ["StaticJSON,DynamicJSON"],
                    "vendordata_dynamic_targets": ["openstack_sev@https://127.0.0.1:9520/v1/vendordata"],
                    "vendordata_dynamic_ssl_certfile": [f"{self.here.conf}/ca.crt"],
                    "vendordata_dynamic_failure_fatal": ["False"],
                },
            )
            self.assertEqual(
                nova["vendordata_dynamic_auth"],
                {
                    "auth_type": ["password"],
                    "auth_url": ["http://127.0.0.1:1/identity"],
                    "username": ["nova"],
                    "password": ["stacksecret"],
                    "user_domain_name": ["Default"],
                    "project_name": ["service"],
                    "project_domain_name": ["Default"],
                },
            )

    def test_notifications_are_versioned_everywhere_and_heard_by_the_control_plane(self) -> None:
        url = ["rabbit://stackrabbit:rabbitsecret@127.0.0.1:5672/"]
        for file in ("nova.conf", "nova-cpu.conf", "nova_cell1.conf"):
            nova = ini(self.here.path / "etc/nova" / file)
            self.assertEqual(nova["notifications"]["notification_format"], ["both"], file)
            self.assertEqual(nova["oslo_messaging_notifications"], {"driver": ["messagingv2"], "transport_url": url}, file)
        self.assertEqual(self.control["notifications"]["transport_url"], url)

    def test_the_control_plane_took_its_configuration_and_made_its_database(self) -> None:
        self.assertTrue((self.here.data / "control/control.sqlite").exists(), self.printed)
        self.assertTrue((self.here.data / "control/tickets.keys").exists())
        self.assertEqual(
            self.control["api"],
            {
                "bind_host": ["0.0.0.0"],
                "bind_port": ["9520"],
                "public_endpoint": ["https://127.0.0.1:9520"],
                "tls_cert": [f"{self.here.conf}/control.crt"],
                "tls_key": [f"{self.here.conf}/control.key"],
            },
        )
        self.assertEqual(self.control["keystone_authtoken"]["interface"], ["public"])

    def test_the_agent_takes_its_configuration(self) -> None:
        agent = subprocess.run(
            [real("openstack-sev-agent"), "--dry-run", "--config-file", self.here.conf / "agent.conf"],
            text=True,
            capture_output=True,
            timeout=60,
        )
        # there is no Keystone: it may work later. 78 would be a bad configuration
        self.assertEqual(agent.returncode, 75, agent.stderr)

    def test_the_agent_is_this_node_and_proves_it_by_its_certificate(self) -> None:
        self.assertEqual(self.agent["capacity"]["node_uuid"], [COMPUTE_ID])
        self.assertEqual(
            self.agent["control"],
            {
                "endpoint": ["https://127.0.0.1:9520"],
                "cafile": [f"{self.here.conf}/ca.crt"],
                "auth": ["certificate"],
                "certificate": [f"{self.here.data}/agent/{COMPUTE_ID}.crt"],
                "key": [f"{self.here.data}/agent/{COMPUTE_ID}.key"],
            },
        )
        certificate = subprocess.run(
            ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", self.here.data / f"agent/{COMPUTE_ID}.crt"],
            text=True,
            capture_output=True,
            check=True,
        ).stdout
        self.assertIn(f"urn:uuid:{COMPUTE_ID}", certificate)

    def test_each_service_is_a_command_that_its_program_takes(self) -> None:
        processes = {call[1]: call[2] for call in self.here.calls("run_process")}
        self.assertEqual(list(processes), ["osev-control", "osev-sync", "osev-agent"])
        for command in processes.values():
            words = command.split(" ")
            self.assertEqual(takes([str(real(Path(words[0]).name)), *words[1:]]), [], command)
        self.assertEqual(
            [file.name for file in sorted(self.here.path.glob("running-*"))],
            [f"running-devstack@osev-{name}.service" for name in ("agent", "control", "sync")],
        )

    def test_everything_simulated_says_so(self) -> None:
        self.assertEqual(self.agent["DEFAULT"]["platform_root"], [f"{self.here.data}/machine"])
        self.assertTrue((self.here.data / "machine/simulated").exists())
        root = (
            subprocess.run(
                ["openssl", "x509", "-in", self.here.data / "amd/ark.pem", "-noout", "-fingerprint", "-sha256"],
                text=True,
                capture_output=True,
                check=True,
            )
            .stdout.split("=")[1]
            .strip()
            .replace(":", "")
            .lower()
        )
        self.assertEqual(self.control["endorsements"], {"simulated_roots": [root], "use_kds": ["false"]})
        self.assertEqual((self.here.path / "summary").read_text().count("SIMULATED"), 2)
        self.assertTrue(any((self.here.data / "control/endorsements").rglob("ark.der")))

    def test_passwords_and_keys_are_for_their_user_only(self) -> None:
        for file in ("openstack-sev.conf", "agent.conf", "clouds.yaml", "control.key", "node-ca/ca.key"):
            self.assertEqual((self.here.conf / file).stat().st_mode & 0o077, 0, file)

    def test_clouds_yaml_is_the_services_own_user(self) -> None:
        self.assertEqual(
            (self.here.conf / "clouds.yaml").read_text(),
            f"""clouds:
  openstack-sev:
    region_name: RegionOne
    identity_api_version: 3
    interface: public
    cacert: {self.here.conf}/ca.crt
    auth:
      auth_url: http://127.0.0.1:1/identity
      username: openstack-sev
      password: "stacksecret"
      user_domain_name: Default
      project_name: service
      project_domain_name: Default
""",
        )
