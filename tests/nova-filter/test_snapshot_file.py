"""The file: never too large, always a whole one, and the last good one counts. Who looks at it, and how often: test_watching.py."""

from __future__ import annotations

import os
import stat
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import given
from openstack_sev_filter import snapshot_file
from openstack_sev_filter.snapshot_file import SnapshotFile, State

NOBODY = 65534


class SnapshotFileTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path, self.keys = self.folder / "snapshot", self.folder / "keys.json"
        self.keys.write_bytes(given.keys())
        self.file = SnapshotFile(str(self.path), str(self.keys))

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
        state = self.file.look()
        self.assertTrue(state.snapshot is None and str(state.problem).startswith("snapshot.missing"), state)
        self.put(given.host())
        good = self.file.look()
        self.assertTrue(good.snapshot is not None and good.problem is None, good)

        spoilt: tuple[tuple[Callable[[], object], str], ...] = (
            (lambda: self.path.write_bytes(b"garbage"), "snapshot.malformed"),
            (lambda: self.path.write_bytes(given.signed(given.payload(), key=given.OTHER_KEY)), "snapshot.signature"),
            (lambda: os.truncate(self.path, 100 * 1024 * 1024), "snapshot.too_large"),
            (self.path.unlink, "snapshot.missing"),
            (lambda: os.mkfifo(self.path), "snapshot.not_a_file"),
            (self.folder_in_its_place, "snapshot.not_a_file"),
            (self.older_in_its_place, "snapshot.rolled_back"),
            (lambda: self.keys.write_bytes(b"{}"), "keys.malformed"),
            (lambda: os.truncate(self.keys, 1024 * 1024), "keys.too_large"),
            (self.keys.unlink, "keys.missing"),
        )
        for spoil, code in spoilt:
            spoil()
            state = self.file.look()
            with self.subTest(code=code):
                self.assertTrue(str(state.problem).startswith(code), state.problem)
                self.assertIs(good.snapshot, state.snapshot)
                self.assertEqual(state, self.file.look())
        self.keys.write_bytes(given.keys())
        self.put(given.host(), given.host(node="22222222-2222-4333-8444-555555555555"), issued=given.NOW + 1)
        state = self.file.look()
        self.assertIsNone(state.problem)
        assert state.snapshot is not None
        self.assertEqual(2, len(state.snapshot.by_node))

    def test_one_from_the_future_keeps_out_none_that_come_after_it(self) -> None:
        self.put(given.host(), issued=time.time() + 86_400)
        self.file.look()
        self.put(given.host(), issued=int(time.time()))
        self.assertIsNone(self.file.look().problem)

    def test_permissions_that_are_gone(self) -> None:
        self.put(given.host())
        good = self.file.look()
        self.folder.chmod(0o755)
        self.path.touch()
        self.path.chmod(0)
        state = self.as_nobody(self.file.look)
        self.assertEqual("snapshot.unreadable", str(state.problem).partition(":")[0])
        self.assertIs(good.snapshot, state.snapshot)
        self.path.chmod(0o644)
        self.assertIsNone(self.as_nobody(self.file.look).problem)

    @staticmethod
    def as_nobody(look: Callable[[], State]) -> State:
        """Permissions do not stop root, who often runs these tests."""
        if os.geteuid() != 0:
            return look()
        os.seteuid(NOBODY)
        try:
            return look()
        finally:
            os.seteuid(0)

    def test_a_name_that_leads_nowhere(self) -> None:
        self.file = SnapshotFile(str(self.keys / "snapshot"), str(self.keys))
        self.assertIn("snapshot.unreadable", str(self.file.look().problem))

    def test_what_is_as_it_was_is_not_read_again(self) -> None:
        self.put(given.host())
        self.file.look()
        with mock.patch.object(snapshot_file, "_read") as read, mock.patch.object(os, "stat", wraps=os.stat) as asked:
            self.file.look()
            self.assertEqual((1, 0), (asked.call_count, read.call_count))
        # Nor what is as bad as it was: it may be 64 MB.
        self.path.write_bytes(b"garbage")
        bad = self.file.look()
        with mock.patch.object(snapshot_file, "_read") as read:
            self.assertEqual(bad, self.file.look())
            read.assert_not_called()

    def test_keys_that_come_later_are_found(self) -> None:
        self.keys.write_bytes(given.keys_of(given.jwk(given.OTHER_KEY, "two")))
        self.put(given.host())
        self.assertIn("snapshot.key_unknown", str(self.file.look().problem))
        self.keys.write_bytes(given.keys())
        self.assertIsNone(self.file.look().problem)

    def test_a_file_that_is_replaced_all_the_time_is_always_a_whole_one(self) -> None:
        self.put(given.host())
        self.file.look()
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
                state = self.file.look()
                self.assertIsNotNone(state.snapshot)
                # Between two renames the name is always there, and what was opened is whole.
                self.assertIsNone(state.problem)
        finally:
            stop.set()
            writer.join()

    def test_a_device_is_no_file(self) -> None:
        file = SnapshotFile("/dev/zero", str(self.keys))
        self.assertTrue(stat.S_ISCHR(os.stat("/dev/zero").st_mode))
        self.assertIn("snapshot.not_a_file", str(file.look().problem))
