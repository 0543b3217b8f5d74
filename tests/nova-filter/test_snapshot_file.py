"""The file: never waited for, never too large, and the last good one counts.

With Zed's Nova imported these run patched by eventlet, as the scheduler does; the threads here are real ones all the same.
"""

from __future__ import annotations

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import given
from openstack_sev_filter import snapshot_file
from openstack_sev_filter.snapshot_file import SnapshotFile, State


class SnapshotFileTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path, self.keys = self.folder / "snapshot", self.folder / "keys.json"
        self.keys.write_bytes(given.keys())
        self.now = 0.0
        self.file = SnapshotFile(str(self.path), str(self.keys), lambda: self.now)

    def look(self) -> State:
        """A second later, when the look that it starts is over."""
        self.now += 1
        return self.file.first()

    def put(self, *hosts: dict[str, object], issued: float = given.NOW) -> None:
        """As `osev snapshot-sync` does: a new file in its place."""
        new = self.folder / "new"
        new.write_bytes(given.signed(given.payload(*hosts, issued=issued)))
        os.replace(new, self.path)

    def folder_in_its_place(self) -> None:
        self.path.unlink()
        self.path.mkdir()

    def older_in_its_place(self) -> None:
        self.path.rmdir()
        self.put(given.host(), issued=given.NOW - 10)

    def test_the_last_good_one_counts_whatever_becomes_of_the_file(self) -> None:
        state = self.look()
        assert state.problem is not None
        self.assertTrue(state.snapshot is None and state.problem.startswith("snapshot.missing"), state)
        self.put(given.host())
        good = self.look()
        self.assertTrue(good.snapshot is not None and good.problem is None, good)

        for spoil, code in (
            (lambda: self.path.write_bytes(b"garbage"), "snapshot.malformed"),
            (lambda: self.path.write_bytes(given.signed(given.payload(), key=given.OTHER_KEY)), "snapshot.signature"),
            (lambda: os.truncate(self.path, 100 * 1024 * 1024), "snapshot.too_large"),
            (self.path.unlink, "snapshot.missing"),
            (lambda: os.mkfifo(self.path), "snapshot.not_a_file"),
            (self.folder_in_its_place, "snapshot."),
            (self.older_in_its_place, "snapshot.rolled_back"),
            (lambda: self.keys.write_bytes(b"{}"), "keys.malformed"),
        ):
            spoil()
            state = self.look()
            with self.subTest(code=code):
                assert state.problem is not None
                self.assertTrue(state.problem.startswith(code), state.problem)
                self.assertIs(good.snapshot, state.snapshot)
        self.keys.write_bytes(given.keys())
        self.put(given.host(), given.host(node="22222222-2222-4333-8444-555555555555"), issued=given.NOW + 1)
        state = self.look()
        self.assertIsNone(state.problem)
        assert state.snapshot is not None
        self.assertEqual(2, len(state.snapshot.by_node))

    def test_a_file_that_cannot_be_reached(self) -> None:
        # Permissions do not stop root, who runs these tests; a folder that is none stops everybody.
        self.file = SnapshotFile(str(self.keys / "snapshot"), str(self.keys), lambda: self.now)
        self.assertIn("snapshot.unreadable", str(self.look().problem))

    def test_looks_are_a_second_apart_and_a_file_that_is_as_it_was_is_not_read_again(self) -> None:
        self.put(given.host())
        self.look()
        with mock.patch.object(snapshot_file, "_read") as read, mock.patch.object(os, "stat", wraps=os.stat) as stat:
            for _ in range(1000):
                self.file.state()
            self.assertEqual(0, stat.call_count)
            self.look()
            self.assertEqual((2, 0), (stat.call_count, read.call_count))

    def test_while_a_mount_hangs_scheduling_goes_on_and_one_thread_waits(self) -> None:
        self.put(given.host())
        good = self.look()
        hangs, entered = snapshot_file._threads().Event(), snapshot_file._threads().Event()
        self.addCleanup(hangs.set)

        def hung(path: str) -> os.stat_result:
            entered.set()
            hangs.wait()
            return os.stat_result((0,) * 10)

        before = snapshot_file._threads().active_count()
        with mock.patch.object(os, "stat", side_effect=hung):
            for _ in range(100):
                self.now += 1
                self.assertIs(good.snapshot, self.file.state().snapshot)
            self.assertTrue(entered.wait(10))
            self.assertLessEqual(snapshot_file._threads().active_count(), before + 1)
            hangs.set()
            self.file.first()

    def test_a_file_that_is_replaced_all_the_time_is_always_a_whole_one(self) -> None:
        self.put(given.host())
        self.look()
        stop = snapshot_file._threads().Event()

        def replace() -> None:
            number = 0
            while not stop.is_set():
                number += 1
                self.put(given.host(), issued=given.NOW + number // 100)

        writer = snapshot_file._threads().Thread(target=replace)
        writer.start()
        try:
            for _ in range(40):
                state = self.look()
                self.assertIsNotNone(state.snapshot)
                # Between two renames the name is always there, and what was opened is whole.
                self.assertIsNone(state.problem)
        finally:
            stop.set()
            writer.join()
