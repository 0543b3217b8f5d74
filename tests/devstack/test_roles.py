"""The DevStack plugin on machines of every role, with and without SEV."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from pathlib import Path

from given import COMPUTE_ID, DOTNET, PROGRAMS, ROOT, SUBNODE, Case, ini


class Roles(Case):
    """Which node gets what, and what it looks at."""

    def units(self) -> dict[str, dict[str, list[str]]]:
        return {
            file.name[len("devstack@") : -len(".service")]: ini(file)["Service"]
            for file in (self.here.path / "etc/systemd/system").glob("*.service")
        }

    def test_a_subnode_gets_the_agent_only(self) -> None:
        authority = self.here.path / "controller.crt"
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=x",
                "-keyout",
                self.here.path / "controller.key",
                "-out",
                authority,
            ],
            check=True,
            capture_output=True,
        )
        self.here.run("stack", ENABLED_SERVICES=SUBNODE, SERVICE_HOST="192.0.2.1", OSEV_CA_FILE=str(authority))
        self.assertEqual(list(self.units()), ["osev-agent"])
        self.assertEqual(self.here.calls("create_service_user", "get_or_create_service", "get_or_create_endpoint", "pip_install"), [])
        self.assertEqual((self.here.conf / "ca.crt").read_text(), authority.read_text())
        self.assertFalse((self.here.conf / "openstack-sev.conf").exists())
        agent = ini(self.here.conf / "agent.conf")
        self.assertEqual(
            agent["control"], {"endpoint": ["https://192.0.2.1:9520"], "cafile": [f"{self.here.conf}/ca.crt"], "auth": ["service_user"]}
        )
        nova = ini(self.here.path / "etc/nova/nova-cpu.conf")
        self.assertEqual(nova["api"]["vendordata_dynamic_targets"], ["openstack_sev@https://192.0.2.1:9520/v1/vendordata"])
        self.assertEqual(nova["notifications"]["notification_format"], ["both"])
        self.assertNotIn("available_filters", nova["filter_scheduler"])

    def test_a_subnode_believes_the_control_plane_at_first_sight_and_says_so(self) -> None:
        key, certificate = self.here.path / "key.pem", self.here.path / "certificate.pem"
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:P-256",
                "-nodes",
                "-subj",
                "/CN=x",
                "-keyout",
                key,
                "-out",
                certificate,
            ],
            check=True,
            capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def answer() -> None:
                connection, _ = listener.accept()
                with connection, context.wrap_socket(connection, server_side=True) as tls:
                    tls.recv(1)

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            printed = self.here.run(
                "stack", "pre-install", "install", "post-config", ENABLED_SERVICES=SUBNODE, OSEV_SERVICE_PORT=str(listener.getsockname()[1])
            )
            thread.join(60)
        self.assertIn("believed at first sight", printed)
        self.assertEqual((self.here.conf / "ca.crt").read_text(), certificate.read_text())

    def test_a_subnode_without_a_control_plane_ends(self) -> None:
        self.assertIn("shows no certificate", self.here.run("stack", ENABLED_SERVICES=SUBNODE, OSEV_SERVICE_PORT="1", expect=1))

    def test_a_service_that_local_conf_disables_is_not_there(self) -> None:
        self.here.run("stack", DISABLED_SERVICES="osev-agent", UNCHECKED="yes")
        self.assertEqual(sorted(self.units()), ["osev-control", "osev-sync"])

    def test_a_machine_with_sev_is_looked_at_itself_and_by_root(self) -> None:
        self.here.machine("Y")
        self.here.run("stack")
        self.assertNotIn("platform_root", ini(self.here.conf / "agent.conf")["DEFAULT"])
        self.assertFalse((self.here.data / "machine").exists())
        self.assertEqual({name: unit["user"] for name, unit in self.units().items()}["osev-agent"], ["root"])
        self.assertEqual(ini(self.here.conf / "openstack-sev.conf")["endorsements"], {})
        self.assertNotIn("SIMULATED", (self.here.path / "summary").read_text())

    def test_simulated_is_what_is_asked_for_and_otherwise_what_the_machine_lacks(self) -> None:
        authority = self.here.path / "ca.pem"
        authority.write_text("not looked at here\n")
        self.here.run("stack", "pre-install", "install", "post-config", ENABLED_SERVICES=SUBNODE, OSEV_CA_FILE=str(authority))
        for sev, asked, simulated in (
            ("Y", "auto", False),
            ("1", "auto", False),
            ("N", "auto", True),
            ("0", "auto", True),
            ("none", "auto", True),
            ("Y", "True", True),
            ("none", "False", False),
        ):
            with self.subTest(sev=sev, asked=asked):
                self.here.machine(sev)
                self.here.run("stack", "extra", ENABLED_SERVICES=SUBNODE, OSEV_SIMULATED=asked, STACK_USER="nobody")
                self.assertEqual([call[4] for call in self.here.calls("run_process")], ["nobody" if simulated else "root"])
                self.assertEqual("platform_root" in ini(self.here.conf / "agent.conf")["DEFAULT"], simulated)

    def test_a_node_that_is_known_by_name_is_looked_up(self) -> None:
        (self.here.path / "no-compute-id").touch()
        self.here.run("stack", OSEV_NODE_NAME="compute1", OSEV_LAUNCHES="amd-sev,amd-sev-snp", UNCHECKED="yes")
        capacity = ini(self.here.conf / "agent.conf")["capacity"]
        self.assertEqual((capacity["node_uuid"], capacity["launches"]), ([COMPUTE_ID], ["amd-sev,amd-sev-snp"]))

    def test_where_heat_is_the_projects_of_its_stacks_can_be_read(self) -> None:
        roles = [
            ["get_or_add_user_project_role", "reader", "openstack-sev", project, "Default", "default"] for project in ("demo", "alt_demo")
        ]
        for services, projects, expected in (("h-eng", "demo,alt_demo", roles), ("h-eng", "", roles[:1]), ("g-api", "demo", [])):
            with self.subTest(services=services, projects=projects):
                self.here.run(
                    *("stack", "pre-install", "install", "post-config"),
                    ENABLED_SERVICES=f"key,rabbit,n-api,{services}",
                    OSEV_GATE_PROJECTS=projects,
                    OSEV_SIMULATED="False",
                    UNCHECKED="yes",
                )
                self.assertEqual(self.here.calls("get_or_add_user_project_role"), expected)

    def test_behind_devstacks_tls_its_authority_is_believed_too(self) -> None:
        bundle = self.here.path / "opt/stack/data/ca-bundle.pem"
        bundle.parent.mkdir(parents=True)
        bundle.write_text("# DevStack's authorities\n")
        self.here.run(
            "stack",
            "pre-install",
            "install",
            "post-config",
            ENABLED_SERVICES="key,tls-proxy,rabbit,n-api,n-sch,n-cpu",
            KEYSTONE_SERVICE_URI="https://127.0.0.1:1/identity",
        )
        self.assertEqual(
            (self.here.conf / "ca.crt").read_text(), (self.here.conf / "control.crt").read_text() + "# DevStack's authorities\n"
        )
        self.assertEqual(ini(self.here.conf / "openstack-sev.conf")["keystone_authtoken"]["cafile"], [str(bundle)])
        self.assertEqual(ini(self.here.path / "etc/nova/nova.conf")["vendordata_dynamic_auth"]["cafile"], [str(bundle)])

    def test_the_certificate_names_the_host_and_is_made_anew_for_another(self) -> None:
        for host, name in (
            ("127.0.0.1", "IP Address:127.0.0.1"),
            ("[2001:db8::1]", "IP Address:2001:DB8:0:0:0:0:0:1"),
            ("cloud.example.org", "DNS:cloud.example.org"),
        ):
            with self.subTest(host=host):
                made = []
                for checked in ("", "yes"):
                    self.here.run(
                        "stack",
                        "pre-install",
                        "install",
                        "post-config",
                        ENABLED_SERVICES="key,rabbit,n-api",
                        SERVICE_HOST=host,
                        OSEV_SIMULATED="False",
                        UNCHECKED=checked,
                    )
                    made.append((self.here.conf / "control.crt").read_text())
                shown = subprocess.run(
                    ["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", self.here.conf / "control.crt"],
                    text=True,
                    capture_output=True,
                    check=True,
                ).stdout
                self.assertIn(name, shown)
                self.assertEqual(made[0], made[1])


class Building(Case):
    """The programs, where nobody brings them."""

    def test_they_are_published_from_this_checkout(self) -> None:
        self.here.executable(self.here.path / "bin/dotnet", DOTNET)
        self.here.run("stack", "pre-install", "install", OSEV_PROGRAMS="")
        self.assertEqual(
            {Path(call[2]).name for call in self.here.calls("dotnet") if call[1] == "publish"},
            {f"OpenStackSev.{name}" for name in PROGRAMS.values()},
        )
        self.assertEqual({file.name for file in (self.here.data / "programs").glob("*/*")}, set(PROGRAMS))
        self.assertEqual(self.here.calls("install_package"), [])

    def test_a_subnode_builds_no_control_plane(self) -> None:
        self.here.executable(self.here.path / "bin/dotnet", DOTNET)
        self.here.run("stack", "pre-install", "install", OSEV_PROGRAMS="", ENABLED_SERVICES=SUBNODE)
        self.assertEqual({file.name for file in (self.here.data / "programs").glob("*/*")}, {"osev", "openstack-sev-agent"})

    def test_without_the_sdk_it_is_installed_or_the_stack_ends(self) -> None:
        self.here.executable(self.here.path / "bin/dotnet", "#!/bin/sh\necho '8.0.100 [/usr/share/dotnet/sdk]'\n")
        self.assertIn("the .NET 10 SDK is not there", self.here.run("stack", "pre-install", OSEV_PROGRAMS="", expect=1))

    def test_packages_are_named_for_debs_and_rpms(self) -> None:
        for kind in ("debs", "rpms"):
            self.assertEqual((ROOT / f"devstack/files/{kind}/openstack-sev").read_text().split(), ["curl", "openssl"])
