"""The DevStack plugin run once more, ended, or met by what is not its own."""

from __future__ import annotations

import shutil

from given import Case, ini


class Again(Case):
    """What is run once more, ended, or not ours."""

    def test_stacked_again_unstacked_and_cleaned_it_leaves_nothing(self) -> None:
        before = self.here.files()
        self.here.run("stack")
        first = {
            file: (self.here.path / file).read_text()
            for file in ("etc/nova/nova.conf", "etc/openstack-sev/openstack-sev.conf", "etc/openstack-sev/control.crt")
        }
        agents = (self.here.conf / "agent.conf").read_text()
        snapshot = self.here.data / "scheduling/snapshot"
        snapshot.write_text("what was known of hosts\n")
        self.here.run("unstack")
        self.assertFalse(snapshot.exists())
        self.assertEqual([call[1] for call in self.here.calls("stop_process")], ["osev-agent", "osev-sync", "osev-control"])
        self.assertEqual(list(self.here.path.glob("running-*")), [])

        # the cloud is another one: what was known of the one before goes
        self.here.run("stack", UNCHECKED="yes")
        self.assertFalse((self.here.data / "control/control.sqlite").exists())
        for file, text in first.items():
            self.assertEqual((self.here.path / file).read_text(), text, file)
        self.assertEqual((self.here.conf / "agent.conf").read_text(), agents)
        # within one stack.sh too, e.g. where another plugin sources us twice
        self.here.run("stack", "post-config", "post-config", UNCHECKED="yes")
        self.assertEqual((self.here.path / "etc/nova/nova.conf").read_text(), first["etc/nova/nova.conf"])

        self.here.run("unstack")
        self.here.run("clean")
        self.assertEqual(self.here.calls("pip_uninstall"), [["pip_uninstall", "openstack-sev-filter"]])
        left = {file for file in self.here.files() - before if not file.startswith(("etc/nova", "opt/stack/data/nova"))}
        self.assertEqual(
            left, {"etc", "etc/systemd", "etc/systemd/system", "opt", "opt/stack", "opt/stack/data", "calls", "summary", "osev.out"} & left
        )
        self.here.run("clean")

    def test_other_phases_and_modes_do_nothing(self) -> None:
        self.here.run("stack", "source", "override_defaults", "something-new")
        self.here.run("grenade")
        self.assertEqual(
            [
                call
                for call in self.here.calls()
                if call[0] not in ("==", "define_plugin", "enable_service") and not call[0].startswith("==")
            ],
            [],
        )

    def test_a_machine_without_parts_of_nova_is_left_alone(self) -> None:
        self.here.run("stack", ENABLED_SERVICES="key,g-api,rabbit")
        self.assertFalse(self.here.conf.exists())
        self.assertEqual(self.here.calls("run_process", "pip_install", "create_service_user"), [])

    def test_a_folder_of_another_installation_stays(self) -> None:
        self.here.conf.mkdir(parents=True)
        (self.here.conf / "openstack-sev.conf").write_text("[DEFAULT]\n")
        self.assertIn("another installation", self.here.run("stack", "pre-install", expect=1))
        self.here.run("clean")
        self.assertTrue((self.here.conf / "openstack-sev.conf").exists())
        shutil.rmtree(self.here.conf)
        # e.g. OSEV_DATA_DIR=$DATA_DIR
        self.here.data.mkdir(parents=True)
        (self.here.data / "instances").write_text("of Nova\n")
        self.assertIn("set OSEV_DATA_DIR", self.here.run("stack", "pre-install", expect=1))
        self.here.run("clean")
        self.assertTrue((self.here.data / "instances").exists())

    def test_what_local_conf_has_in_nova_conf_is_kept(self) -> None:
        (self.here.path / "local.conf").write_text(
            "\n[api]\nvendordata_providers = StaticJSON\nvendordata_dynamic_targets = mine@http://198.51.100.1/\n"
        )
        self.here.run("stack", "pre-install", "install", "post-config", UNCHECKED="yes")
        api = ini(self.here.path / "etc/nova/nova.conf")["api"]
        self.assertEqual(api["vendordata_providers"], ["StaticJSON,DynamicJSON"])
        self.assertEqual(
            api["vendordata_dynamic_targets"], ["mine@http://198.51.100.1/,openstack_sev@https://127.0.0.1:9520/v1/vendordata"]
        )

    def test_unversioned_notifications_are_left_so_with_a_word(self) -> None:
        printed = self.here.run("stack", "pre-install", "install", "post-config", NOVA_NOTIFICATION_FORMAT="unversioned")
        self.assertIn("NOVA_NOTIFICATION_FORMAT=unversioned", printed)
        self.assertEqual(ini(self.here.path / "etc/nova/nova.conf")["notifications"]["notification_format"], ["unversioned"])
        self.assertNotIn("notifications", {name for name, options in ini(self.here.conf / "openstack-sev.conf").items() if options})

    def test_a_stack_ends_where_something_fails(self) -> None:
        (self.here.path / "nothing-answers").touch()
        self.assertIn("did not start", self.here.run("stack", expect=1, UNCHECKED="yes"))
        self.assertEqual([call[1] for call in self.here.calls("run_process")], ["osev-control"])
        (self.here.path / "nothing-answers").unlink()
        (self.here.path / "no-compute-id").touch()
        shutil.rmtree(self.here.path / "opt/stack/data/nova")
        self.assertIn("compute_id", self.here.run("stack", expect=1, UNCHECKED="yes"))
        self.assertNotIn("osev-agent", [call[1] for call in self.here.calls("run_process")])

    def test_what_cannot_be_asked_at_the_end_is_a_warning(self) -> None:
        self.here.run("stack", "pre-install", "install", "post-config", "extra", UNCHECKED="yes")
        (self.here.path / "osev-fails").touch()
        self.assertEqual(self.here.run("stack", "test-config").count("[WARNING]"), 2)
