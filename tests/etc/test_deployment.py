"""What is given to Ansible and Kolla-Ansible: read by their tools, rendered, and taken by the programs."""

from __future__ import annotations

import re
import shutil
import tempfile
import unittest
from pathlib import Path
from typing import Any

from given import ETC, ROOT, needs, python, run

jinja2, yaml = python("jinja2", "python3-jinja2"), python("yaml", "python3-yaml")

ROLE = ETC / "ansible/roles/openstack_sev"
NODE = "5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11"
PROGRAMS = {"osev": "Cli", "openstack-sev-control": "Control", "openstack-sev-agent": "Agent"}

# as Kolla-Ansible has them
KOLLA = {
    "openstack_sev_url": "https://attestation.example.org:9520",
    "keystone_internal_url": "https://192.0.2.1:5000",
    "nova_keystone_user": "nova",
    "nova_keystone_password": "secret",
    "default_user_domain_name": "Default",
    "default_project_domain_name": "Default",
    "openstack_cacert": "/etc/ssl/certs/ca-certificates.crt",
}


def program(name: str) -> str:
    return str(ROOT / f"src/OpenStackSev.{PROGRAMS[name]}/bin/Release/net10.0" / name)


def rendered(text: str, **variables: object) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True, autoescape=False)
    environment.filters["to_json"] = lambda value: '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(environment.from_string(text).render(ansible_managed="Ansible managed", **variables))


def lines(text: str) -> dict[str, dict[str, list[str]]]:
    """An INI file as oslo.config reads it: an option may have several lines."""
    read: dict[str, dict[str, list[str]]] = {}
    section = ""
    for line in text.splitlines():
        if header := re.fullmatch(r"\[(.+)\]", line):
            section = header.group(1)
            read.setdefault(section, {})
        elif option := re.fullmatch(r"([a-z_]+) = (.+)", line):
            read[section].setdefault(option.group(1), []).append(option.group(2))
        elif line and not line.startswith("#"):
            raise AssertionError(f"no line of an INI file: {line}")
    return read


class Ansible(unittest.TestCase):
    defaults: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text())

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="osev-ansible-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def given(self, **variables: object) -> dict[str, object]:
        # of an inventory; what has braces is Ansible's to fill in
        return {
            **self.defaults,
            "openstack_sev_password": "the-control-planes",
            "openstack_sev_node_password": 's"e',
            "openstack_sev_node": NODE,
            "openstack_sev_auth_url": "http://127.0.0.1:1/v3",
            **variables,
        }

    def test_ansible_takes_the_play(self) -> None:
        checked = run(needs("ansible-playbook", "ansible-core"), "-i", "localhost,", "--syntax-check", "site.yaml", cwd=ETC / "ansible")
        self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_its_linter_has_nothing_against_it(self) -> None:
        checked = run(
            needs("ansible-lint", "ansible-lint"),
            "--offline",
            "--nocolor",
            "site.yaml",
            "roles/openstack_sev",
            cwd=ETC / "ansible",
            HOME=str(self.folder),
        )
        self.assertEqual(checked.returncode, 0, checked.stdout)
        looked_at = re.search(r"0 failure\(s\), 0 warning\(s\) on (\d+) files", checked.stdout)
        assert looked_at, checked.stdout
        self.assertGreater(int(looked_at.group(1)), 10)

    def test_the_control_plane_takes_its_configuration(self) -> None:
        for authority, broker in (("", ""), ("/srv/openstack-sev/ca.pem", "rabbit://u:p@127.0.0.1:5672/")):
            text = rendered(
                (ROLE / "templates/openstack-sev.conf.j2").read_text(),
                **self.given(openstack_sev_ca=authority, openstack_sev_transport_url=broker),
            )
            for kind in ("crt", "key"):
                text = text.replace(f"/etc/openstack-sev/control.{kind}", str(self.certificate(kind)))
            text = text.replace("/etc/openstack-sev/ca.crt", str(self.certificate("crt")))
            (self.folder / "control.conf").write_text(f"[DEFAULT]\nstate_dir = {self.folder / 'state'}\n{text}")
            made = run(program("openstack-sev-control"), "manage", "db", "sync", "--config-file", self.folder / "control.conf")
            self.assertEqual(made.returncode, 0, made.stdout)

    def certificate(self, kind: str) -> Path:
        if not (self.folder / "x.crt").exists():
            run(
                needs("openssl", "openssl"),
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
                self.folder / "x.key",
                "-out",
                self.folder / "x.crt",
            )
        return self.folder / f"x.{kind}"

    def play(self) -> str:
        """The role's own tasks by which a node gets its certificate, run in a folder; what Ansible printed."""
        tasks = yaml.safe_load((ROLE / "tasks/agent.yml").read_text())
        names = [task["name"] for task in tasks]
        folder = (self.folder / "var/lib/openstack-sev").as_posix()
        text = yaml.safe_dump(tasks[names.index("The folder of its certificate") : names.index("Its user of the cloud")])
        text = text.replace("runuser -u openstack-sev -- osev", "osev").replace("/var/lib/openstack-sev", folder)
        text = re.sub(r"\bosev host", f"{program('osev')} host", text)
        text = re.sub(r"^( *)(?:owner|group): .*\n", "", text, flags=re.M)
        play = {
            "hosts": "openstack_sev_compute",
            "gather_facts": False,
            "vars": {"openstack_sev_node": NODE, "openstack_sev_node_ca": f"{folder}/node-ca"},
            "tasks": yaml.safe_load(text),
            "handlers": [{"name": "Restart what has a configuration", "ansible.builtin.debug": {"msg": "it would be restarted"}}],
        }
        (self.folder / "play.yaml").write_text(yaml.safe_dump([play]))
        (self.folder / "hosts").write_text(
            "".join(f"[{group}]\nlocalhost ansible_connection=local\n" for group in ("openstack_sev_control", "openstack_sev_compute"))
        )
        done = run(needs("ansible-playbook", "ansible-core"), "-i", self.folder / "hosts", self.folder / "play.yaml", HOME=str(self.folder))
        self.assertEqual(done.returncode, 0, done.stdout)
        return done.stdout

    def authority(self) -> tuple[Path, Path]:
        """The folders of the CA, which there is, and of the agent."""
        state = self.folder / "var/lib/openstack-sev"
        state.mkdir(parents=True)
        made = run(program("osev"), "host", "certificate", "init", "--ca", state / "node-ca")
        self.assertEqual(made.returncode, 0, made.stdout)
        return state / "node-ca", state / "agent"

    def is_of_its_key(self, agent: Path) -> bool:
        of_key = run("openssl", "pkey", "-pubout", "-in", agent / f"{NODE}.key").stdout
        return of_key == run("openssl", "x509", "-noout", "-pubkey", "-in", agent / f"{NODE}.crt").stdout

    def test_a_node_without_a_certificate_gets_one_of_a_new_key_and_no_other_run_changes_anything(self) -> None:
        authority, agent = self.authority()
        keys: list[str] = []
        for lost in ((), ("crt", "key", "csr"), ("crt",)):
            # a node is new, is installed anew, or had its certificate taken away after it was revoked
            for kind in lost:
                (agent / f"{NODE}.{kind}").unlink(missing_ok=True)
            # as an earlier version, or a run that broke off, left it
            (authority / "requests").mkdir(exist_ok=True)
            (authority / f"requests/{NODE}.crt").write_text("of before\n")
            printed = self.play()
            self.assertIn("it would be restarted", printed)
            self.assertTrue(self.is_of_its_key(agent), printed)
            keys.append((agent / f"{NODE}.key").read_text())
            self.assertEqual(list((authority / "requests").iterdir()), [])
            self.assertEqual(sorted(file.suffix for file in agent.iterdir()), [".crt", ".key"])
            self.assertIn("changed=0", self.play())
        self.assertEqual(len(set(keys)), 3)

    def test_an_agent_takes_its_certificate_and_configuration(self) -> None:
        _, agent = self.authority()
        self.play()
        (self.folder / "clouds.yaml").write_text(rendered((ROLE / "templates/clouds.yaml.j2").read_text(), **self.given()))
        cloud = yaml.safe_load((self.folder / "clouds.yaml").read_text())["clouds"]["openstack-sev"]
        self.assertEqual((cloud["auth"]["password"], cloud["auth"]["username"], "cacert" in cloud), ('s"e', "openstack-sev-node", False))
        text = rendered((ROLE / "templates/agent.conf.j2").read_text(), **self.given())
        text = text.replace("/var/lib/openstack-sev/agent", str(agent)).replace(
            "/etc/openstack-sev/agent-clouds.yaml", str(self.folder / "clouds.yaml")
        )
        (self.folder / "agent.conf").write_text(f"[DEFAULT]\nstate_dir = {self.folder / 'agent-state'}\n{text}")
        tried = run(program("openstack-sev-agent"), "--dry-run", "--config-file", self.folder / "agent.conf")
        # there is no Keystone: it may work later. 78 would be a bad configuration
        self.assertEqual(tried.returncode, 75, tried.stdout)

    def written(self, part: str) -> dict[str, str]:
        """What a part writes on its hosts, by where: templates and texts, with all that an inventory may say."""
        files: dict[str, str] = {}
        tasks = [
            task
            for name in (part, "install")
            for block in yaml.safe_load((ROLE / f"tasks/{name}.yml").read_text())
            for task in block.get("block", [block])
        ]
        everything = self.given(openstack_sev_ca="/srv/openstack-sev/ca.pem", openstack_sev_transport_url="rabbit://u:p@127.0.0.1:5672/")
        for task in tasks:
            if template := task.get("ansible.builtin.template"):
                files[template["dest"]] = rendered((ROLE / "templates" / template["src"]).read_text(), **everything)
            elif copied := task.get("ansible.builtin.copy", {}).get("content"):
                # what was read from a host before stands as it is: it has no variable of an inventory
                files[task["ansible.builtin.copy"]["dest"]] = copied if "b64decode" in copied else rendered(copied, **everything)
        return files

    def test_no_host_but_the_control_planes_gets_its_user(self) -> None:
        control = self.written("control")
        self.assertIn("password = the-control-planes\n", control["/etc/openstack-sev/openstack-sev.conf"])
        for part, clouds in (("agent", "agent-clouds.yaml"), ("scheduler", "clouds.yaml")):
            files = self.written(part)
            auth = yaml.safe_load(files[f"/etc/openstack-sev/{clouds}"])["clouds"]["openstack-sev"]["auth"]
            self.assertEqual((auth["username"], auth["password"]), ("openstack-sev-node", 's"e'))
            for file, text in files.items():
                self.assertNotIn("the-control-planes", text, file)
            self.assertNotRegex((ROLE / f"tasks/{part}.yml").read_text(), r"\bopenstack_sev_(user|password)\b")
        self.assertNotRegex((ROLE / "tasks/install.yml").read_text(), r"\bopenstack_sev_(user|password)\b")

    def test_what_holds_a_secret_is_not_shown_as_a_difference(self) -> None:
        secret = ("openstack-sev.conf", "clouds.yaml", "agent-clouds.yaml", "{{ item.dest }}")
        seen: set[str] = set()
        for file in (ROLE / "tasks").glob("*.yml"):
            for task in yaml.safe_load(file.read_text()):
                module = task.get("ansible.builtin.template") or task.get("ansible.builtin.copy") or {}
                name = str(module.get("dest", "")).rpartition("/")[2]
                if name in secret and file.stem != "install":
                    seen.add(name)
                    self.assertIs(task.get("diff"), False, f"{file.name}: {task['name']}")
        self.assertEqual(seen, set(secret))

    def test_each_part_ends_without_the_password_that_it_writes_and_with_several_control_planes(self) -> None:
        asserted = [
            (task.get("when", "true"), task["ansible.builtin.assert"]["that"])
            for task in yaml.safe_load((ROLE / "tasks/main.yml").read_text())
            if "ansible.builtin.assert" in task
        ]
        for part in ("control", "agent", "scheduler"):
            cases: list[tuple[dict[str, object], bool]] = [
                ({}, True),
                ({"openstack_sev_password": ""}, part != "control"),
                ({"openstack_sev_node_password": ""}, part == "control"),
                ({"openstack_sev_node_password": "the-control-planes"}, part == "control"),
                ({"openstack_sev_node_user": "openstack-sev"}, part == "control"),
                ({"groups": {"openstack_sev_control": ["control1", "control2"]}}, False),
                ({"groups": {"openstack_sev_control": []}}, False),
                ({"groups": {}}, False),
            ]
            for variables, passes in cases:
                given = {"groups": {"openstack_sev_control": ["control1"]}, **self.given(**variables), "openstack_sev_part": part}
                holds = all(
                    rendered("{{ " + condition + " }}", **given) == "True"
                    for when, that in asserted
                    if rendered("{{ " + when + " }}", **given).lower() == "true"
                    for condition in ([that] if isinstance(that, str) else that)
                )
                self.assertEqual(holds, passes, (part, variables))

    def test_what_is_installed_and_started_is_what_there_is(self) -> None:
        units = {unit.stem for unit in (ETC / "systemd").glob("*.service")}
        text = "".join(file.read_text() for file in (ROLE / "tasks").glob("*.yml"))
        started = re.findall(r"ansible.builtin.systemd:\n +name: (\S+)", text)
        self.assertEqual(len(started), 3)
        self.assertLessEqual(set(started), units)
        packages = set(re.findall(r"^Package: (.*)$", (ETC / "packages/debian/control").read_text(), re.M))
        wanted = {name for names in re.findall(r"openstack_sev_wanted: \[(.*)\]", text) for name in names.split(", ")}
        self.assertEqual(len(wanted), 4)
        self.assertLessEqual(wanted, packages)

    def test_each_variable_has_a_default(self) -> None:
        made = {"openstack_sev_part", "openstack_sev_wanted", "openstack_sev_node", "openstack_sev_control"}
        text = "".join(
            file.read_text() for file in ROLE.rglob("*") if file.is_file() and file.parent.name in ("tasks", "templates", "handlers")
        )
        registered = set(re.findall(r"register: (\w+)", text))
        used = set(re.findall(r"\bopenstack_sev_[a-z_]+", text)) - registered - made
        self.assertEqual({name for name in used if name not in self.defaults}, set())
        self.assertEqual({name for name in self.defaults if name not in text}, set())


class Heat(unittest.TestCase):
    def test_the_network_lets_out_to_the_port_that_the_control_plane_listens_on(self) -> None:
        network = yaml.safe_load((ROOT / "heat-templates/tenant/network.yaml").read_text())
        sample = re.search(r"^#bind_port = (\d+)$", (ETC / "openstack-sev.conf.sample").read_text().partition("[api]")[2], re.M)
        assert sample
        self.assertEqual(network["parameters"]["attestation_port"]["default"], int(sample.group(1)))


class Kolla(unittest.TestCase):
    def test_nova_gets_vendordata_and_notifications(self) -> None:
        nova = lines(rendered((ETC / "kolla/config/nova.conf").read_text(), **KOLLA))
        self.assertEqual(nova["api"]["vendordata_dynamic_targets"], ["openstack_sev@https://attestation.example.org:9520/v1/vendordata"])
        self.assertEqual(nova["api"]["vendordata_providers"], ["StaticJSON,DynamicJSON"])
        self.assertEqual(nova["vendordata_dynamic_auth"]["username"], ["nova"])
        self.assertEqual(
            (nova["notifications"], nova["oslo_messaging_notifications"]),
            ({"notification_format": ["both"]}, {"driver": ["messagingv2"]}),
        )

    def test_the_scheduler_gets_the_filter_as_its_readme_says(self) -> None:
        scheduler = lines((ETC / "kolla/config/nova/nova-scheduler.conf").read_text())
        readme = (ROOT / "src/nova-filter/README.md").read_text()
        shown = re.search(r"```ini\n(\[filter_scheduler\].*?)```", readme, re.S)
        assert shown
        self.assertEqual(scheduler, lines(shown.group(1)))

    def test_what_the_scheduler_reads_is_mounted_there(self) -> None:
        volumes = yaml.safe_load((ETC / "kolla/globals.yml").read_text())["nova_scheduler_extra_volumes"]
        scheduler = lines((ETC / "kolla/config/nova/nova-scheduler.conf").read_text())["openstack_sev"]
        for option in ("snapshot_file", "snapshot_keys"):
            file = scheduler[option][0]
            self.assertTrue(any(file.startswith(volume.split(":")[1]) for volume in volumes), option)
        self.assertTrue(all(volume.endswith(":ro") for volume in volumes))

    def test_the_image_is_built_from_the_filters_folder(self) -> None:
        folder = lines((ETC / "kolla/kolla-build.conf").read_text())["nova-base-additions-openstack-sev"]["location"][0]
        self.assertTrue((ROOT / folder.removeprefix("/opt/openstack-sev/") / "pyproject.toml").exists())
        jinja2.Environment(autoescape=False).parse((ETC / "kolla/template-overrides.j2").read_text())


if __name__ == "__main__":
    unittest.main()
