"""The filter in Nova's own classes: as nova-scheduler loads it, with its request specs and host states."""

from __future__ import annotations

import os
import time
import unittest
from collections.abc import Callable
from typing import Any
from unittest import mock

import given
import in_nova
from nova import exception
from nova.api.validation.extra_specs import validators
from nova.scheduler import filters as scheduler_filters
from openstack_sev_filter import extra_specs, snapshot_file
from openstack_sev_filter import filter as sut

NAMES = ["good", "bad", "shut", "old", "plain"]
CONFIDENTIAL, TRUST = {"hw:mem_encryption": "true"}, {"sev:trust": "required"}


class FilterTests(in_nova.InNova):
    def setUp(self) -> None:
        super().setUp()
        self.put_all()

    def put_all(self, **how: Any) -> None:
        self.put(
            in_nova.host("good"),
            in_nova.host("bad", trust="untrusted", reasons=["host.tcb.below_minimum", "host.smt.on"]),
            in_nova.host("shut", trust="quarantined"),
            in_nova.host("old", lasts=-1),
            **how,
        )

    def pipe(self) -> None:
        if not self.path.exists():
            os.mkfifo(self.path)

    def test_nova_loads_it_by_its_name_and_for_rebuilds(self) -> None:
        loaded = scheduler_filters.HostFilterHandler().get_matching_classes(["openstack_sev_filter.filter.SevTrustFilter"])
        self.assertEqual([sut.SevTrustFilter], loaded)
        self.assertTrue(sut.SevTrustFilter.RUN_ON_REBUILD)

    def test_one_host_is_judged_as_many_are(self) -> None:
        judge = sut.SevTrustFilter()
        for specs in ({}, CONFIDENTIAL, TRUST):
            asked = in_nova.spec(specs)
            one_by_one = [name for name in NAMES if judge.host_passes(in_nova.state(name), asked)]
            self.assertEqual(one_by_one, in_nova.through(judge, NAMES, asked))
        self.assertEqual(["good"], one_by_one)

    def test_a_rebuild_is_judged_by_its_new_image(self) -> None:
        rebuild = in_nova.spec({}, {"hw_mem_encryption": True}, {"_nova_check_type": ["rebuild"]})
        self.assertEqual(["good", "old", "plain"], in_nova.through(sut.SevTrustFilter(), NAMES, rebuild))

    def test_a_request_without_an_image_is_judged_by_its_flavor(self) -> None:
        for specs, expected in (({}, NAMES), (TRUST, ["good"])):
            asked = in_nova.spec(specs)
            asked.image = None
            self.assertEqual(expected, in_nova.through(sut.SevTrustFilter(), NAMES, asked))

    def test_a_refused_host_is_one_line_with_its_code_and_reasons(self) -> None:
        judge = sut.SevTrustFilter()
        with in_nova.Lines() as lines:
            for _ in range(3):
                in_nova.through(judge, NAMES, in_nova.spec(TRUST))
        self.assertEqual(3 * 4, len(lines.records))
        refused = next(record.getMessage() for record in lines.records if "bad" in record.getMessage())
        self.assertIn("host.untrusted host.tcb.below_minimum host.smt.on", refused)

    def test_a_change_of_state_is_one_line_however_long_it_lasts(self) -> None:
        judge = sut.SevTrustFilter()
        befalls: tuple[tuple[Callable[[], object], str], ...] = (
            # Other nonsense each time.
            (lambda: self.path.write_bytes(os.urandom(20).hex().encode()), "snapshot.malformed"),
            (lambda: os.truncate(self.path, 100 * 1024 * 1024 + self.path.stat().st_size), "snapshot.too_large"),
            (lambda: self.path.unlink(missing_ok=True), "snapshot.missing"),
            (self.pipe, "snapshot.not_a_file"),
            (lambda: self.put_all(key=given.OTHER_KEY), "snapshot.signature"),
            (self.put_all, "counts again"),
            (lambda: self.put_all(age=in_nova.MAX_AGE + 1), "snapshot.rolled_back"),
        )
        for change, told in befalls:
            with self.subTest(told=told), in_nova.Lines() as lines:
                for _ in range(3):
                    change()
                    judge._file.look()
                    self.assertEqual(["good", "old", "plain"], in_nova.through(judge, NAMES, in_nova.spec(CONFIDENTIAL)))
                self.assertEqual(1, len(lines.of_state()), lines.of_state())
                self.assertIn(told, lines.of_state()[0])

    def test_while_a_mount_hangs_servers_are_scheduled_by_the_last_good_one_until_it_is_too_old(self) -> None:
        judge = sut.SevTrustFilter()
        hangs = snapshot_file._threads().Event()
        self.addCleanup(hangs.set)

        def hung(path: str) -> os.stat_result:
            hangs.wait()
            return os.stat_result((0,) * 10)

        with (
            mock.patch.object(os, "stat", side_effect=hung),
            mock.patch.object(snapshot_file, "FIRST_LOOK", 0.01),
            in_nova.Lines() as lines,
        ):
            for _ in range(100):
                self.assertEqual(["good"], in_nova.through(judge, NAMES, in_nova.spec(TRUST)))
            self.assertEqual([], lines.of_state())
            self.option("max_age", 10)
            with mock.patch.object(sut, "time") as later:
                later.time.return_value = time.time() + 11
                for _ in range(100):
                    self.assertEqual([], in_nova.through(judge, NAMES, in_nova.spec(TRUST)))
            self.assertEqual(1, len(lines.of_state()), lines.of_state())
            self.assertIn("snapshot.stale", lines.of_state()[0])
            hangs.set()

    def test_requests_of_many_threads_are_each_judged_by_one_snapshot(self) -> None:
        self.put(*(in_nova.host(name) for name in NAMES))
        judge = sut.SevTrustFilter()
        found: list[list[str]] = []
        threads, go = snapshot_file._threads(), snapshot_file._threads().Event()

        def ask() -> None:
            go.wait()
            for _ in range(50):
                found.append(in_nova.through(judge, NAMES, in_nova.spec(TRUST)))

        askers = [threads.Thread(target=ask) for _ in range(4)]
        for asker in askers:
            asker.start()
        go.set()
        for number in range(50):
            self.put(*(in_nova.host(name, trust="trusted" if number % 2 else "untrusted") for name in NAMES))
            judge._file.look()
        for asker in askers:
            asker.join()
        self.assertEqual(4 * 50, len(found))
        # All of them, or none: never a part of one snapshot and a part of another.
        self.assertLessEqual({tuple(names) for names in found}, {tuple(NAMES), ()})

    def test_allocation_candidates_are_left_as_they_are(self) -> None:
        """Nova 2026.2 keeps those of each host beside it, and filters of CandidateFilterMixin take some away."""
        if not hasattr(scheduler_filters, "CandidateFilterMixin"):
            self.skipTest("this Nova has no CandidateFilterMixin")

        class SecondOnly(scheduler_filters.BaseHostFilter, scheduler_filters.CandidateFilterMixin):  # type: ignore[misc]  # Nova has no types
            def host_passes(self, host_state: Any, spec_obj: Any) -> bool:
                return bool(self.filter_candidates(host_state, lambda candidate: candidate["id"] == 2))

        def hosts() -> list[Any]:
            made = [in_nova.state(name) for name in NAMES]
            for one in made[:-1]:
                one.allocation_candidates = [{"id": 1}, {"id": 2}]
            return made

        handler, judge = scheduler_filters.HostFilterHandler(), sut.SevTrustFilter()
        for chain in ([SecondOnly(), judge], [judge, SecondOnly()]):
            passed = handler.get_filtered_objects(chain, hosts(), in_nova.spec(CONFIDENTIAL))
            # The last host has none, and so the other filter takes it out.
            self.assertEqual(["good", "old"], [one.nodename for one in passed])
            self.assertEqual([[{"id": 2}]] * 2, [one.allocation_candidates for one in passed])
        alone = handler.get_filtered_objects([judge], hosts(), in_nova.spec(CONFIDENTIAL))
        self.assertEqual([2, 2, 0], [len(one.allocation_candidates) for one in alone])

    def test_nova_api_refuses_wrong_words(self) -> None:
        for name, value in (("sev:trust", "required"), ("sev:max_proof_age", "3600"), ("sev:tcb", "SB_3019,SB_3015")):
            find(name).validate(name, value)
        for name, value in (("sev:trust", "yes"), ("sev:max_proof_age", "1"), ("sev:max_proof_age", "soon"), ("sev:tcb", "sb 3019")):
            with self.subTest(name=name, value=value), self.assertRaises(exception.ValidationError):
                find(name).validate(name, value)


def find(name: str) -> Any:
    """As installed, by the entry point; else from the package."""
    return validators.VALIDATORS.get(name) or next(one for one in extra_specs.register() if one.name == name)


if __name__ == "__main__":
    unittest.main()
