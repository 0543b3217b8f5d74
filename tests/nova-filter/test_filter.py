"""The filter in Nova's own classes: as nova-scheduler loads it, with its request specs and host states."""

from __future__ import annotations

import tempfile
import time
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import given

try:
    import nova.conf
    from nova import context, exception, objects
    from nova.api.validation.extra_specs import validators
    from nova.scheduler import filters, host_manager
except ImportError as e:  # pragma: no cover
    raise unittest.SkipTest(f"no Nova on this machine's Python: {e}") from e

from openstack_sev_filter import filter as sut
from openstack_sev_filter import options
from openstack_sev_filter.snapshot_file import SnapshotFile

NODES = {name: f"5f0f2ffb-9bfa-4b1c-8d06-{number:012d}" for number, name in enumerate(("good", "bad", "shut", "old", "plain"))}


class FilterTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path, keys = Path(folder.name) / "snapshot", Path(folder.name) / "keys.json"
        keys.write_bytes(given.keys())
        options.register(nova.conf.CONF)
        for name, value in (("snapshot_file", str(self.path)), ("snapshot_keys", str(keys)), ("on_stale", "auto")):
            nova.conf.CONF.set_override(name, value, options.GROUP)
            self.addCleanup(nova.conf.CONF.clear_override, name, options.GROUP)
        now = time.time()
        self.put(now, good="trusted", bad="untrusted", shut="quarantined", old="trusted")

    def put(self, now: float, **trust: str) -> None:
        self.path.write_bytes(
            given.signed(
                given.payload(
                    *(
                        given.host(
                            node=NODES[name],
                            name=name,
                            trust=word,
                            proven_at=given.time_of(now - 10),
                            expires_at=given.time_of(now + (-1 if name == "old" else 100)),
                        )
                        for name, word in trust.items()
                    ),
                    issued=int(now),
                )
            )
        )

    def test_nova_loads_it_by_its_name_and_for_rebuilds(self) -> None:
        loaded = filters.HostFilterHandler().get_matching_classes(["openstack_sev_filter.filter.SevTrustFilter"])
        self.assertEqual([sut.SevTrustFilter], loaded)
        self.assertTrue(sut.SevTrustFilter.RUN_ON_REBUILD)

    def test_hosts_that_pass(self) -> None:
        for specs, properties, expected in (
            ({}, {}, ["good", "bad", "shut", "old", "plain"]),
            ({"hw:mem_encryption": "true"}, {}, ["good", "old", "plain"]),
            ({}, {"hw_mem_encryption": True}, ["good", "old", "plain"]),
            ({"hw:mem_encryption": "true", "sev:trust": "required"}, {}, ["good"]),
            ({"sev:max_proof_age": "5"}, {}, []),
            ({"sev:tcb": "SB_3019"}, {}, []),
        ):
            with self.subTest(specs=specs, properties=properties):
                self.assertEqual(expected, self.passed(specs, properties))

    def test_a_rebuild_is_judged_by_its_new_image(self) -> None:
        rebuild = {"_nova_check_type": ["rebuild"]}
        self.assertEqual(["good", "old", "plain"], self.passed({}, {"hw_mem_encryption": True}, rebuild))

    def test_without_a_snapshot(self) -> None:
        self.path.unlink()
        self.assertEqual(list(NODES), self.passed({"hw:mem_encryption": "true"}, {}))
        self.assertEqual([], self.passed({"sev:trust": "required"}, {}))

    def test_a_change_of_state_is_one_line_and_a_refused_host_is_one_with_its_code(self) -> None:
        with self.assertLogs("openstack_sev_filter.filter", "INFO") as logged:
            judge = sut.SevTrustFilter()
            for _ in range(3):
                list(judge.filter_all(states(), spec({"sev:trust": "required"}, {})))
        self.assertEqual(3 * 4, len(logged.output))
        self.assertTrue(any("shut" in line and "host.quarantined" in line for line in logged.output), logged.output)
        self.path.unlink()
        judge._file = SnapshotFile(str(self.path), str(self.path))
        with self.assertLogs("openstack_sev_filter.filter", "WARNING") as logged:
            judge._file.first()
            for _ in range(3):
                list(judge.filter_all(states(), spec({"hw:mem_encryption": "true"}, {})))
        self.assertEqual(1, len(logged.output), logged.output)

    def test_nova_api_refuses_wrong_words(self) -> None:
        for name, value in (("sev:trust", "required"), ("sev:max_proof_age", "3600"), ("sev:tcb", "SB_3019,SB_3015")):
            find(name).validate(name, value)
        for name, value in (("sev:trust", "yes"), ("sev:max_proof_age", "1"), ("sev:max_proof_age", "soon"), ("sev:tcb", "sb 3019")):
            with self.subTest(name=name, value=value), self.assertRaises(exception.ValidationError):
                find(name).validate(name, value)

    def passed(self, specs: dict[str, str], properties: dict[str, Any], hints: dict[str, list[str]] | None = None) -> list[str]:
        judge = sut.SevTrustFilter()
        found = filters.HostFilterHandler().get_filtered_objects([judge], states(), spec(specs, properties, hints))
        self.assertEqual(
            [state.nodename for state in found],
            [state.nodename for state in states() if judge.host_passes(state, spec(specs, properties, hints))],
        )
        return [state.nodename for state in found]


def states(names: Iterable[str] = NODES) -> list[Any]:
    made = []
    for name in names:
        state = host_manager.HostState(name, name, "cell")
        state.uuid = NODES[name]
        made.append(state)
    return made


def spec(specs: dict[str, str], properties: dict[str, Any], hints: dict[str, list[str]] | None = None) -> Any:
    return objects.RequestSpec(
        context.get_admin_context(),
        instance_uuid="aaaaaaaa-1111-4111-8111-111111111111",
        flavor=objects.Flavor(extra_specs=specs),
        image=objects.ImageMeta(properties=objects.ImageMetaProps(**properties)),
        scheduler_hints=hints or {},
    )


def find(name: str) -> Any:
    """As installed, by the entry point; else from the package."""
    from openstack_sev_filter import extra_specs

    return validators.VALIDATORS.get(name) or next(one for one in extra_specs.register() if one.name == name)


objects.register_all()
