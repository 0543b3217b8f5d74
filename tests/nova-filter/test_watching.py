"""Who looks at the file: one thread a process, once a second, whatever becomes of the mount.

With Zed's Nova imported these run patched by eventlet, as the scheduler does; the threads here are real ones all the same.
"""

from __future__ import annotations

import gc
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import weakref
from pathlib import Path
from unittest import mock

import given
from openstack_sev_filter import snapshot_file
from openstack_sev_filter.snapshot_file import SnapshotFile

HERE = Path(__file__).resolve().parent

#: Runs until the file was looked at so often, while it is asked all the time, and replaced all the time where that was said.
ASKED_ALL_THE_TIME = """
import os, sys, threading
from openstack_sev_filter import snapshot_file
path, keys, looks, replaced = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "replaced"
content = open(path, "rb").read()
file, done = snapshot_file.SnapshotFile(path, keys), threading.Semaphore(0)
look = file.look
def counted():
    look()
    done.release()
file.look = counted
def replace():
    while True:
        with open(path + ".new", "wb") as new:
            new.write(content)
        os.replace(path + ".new", path)
if replaced:
    threading.Thread(target=replace, daemon=True).start()
for _ in range(looks):
    file.state()
    while not done.acquire(blocking=False):
        file.state()
os._exit(0 if file.state().snapshot else 1)
"""


class WatchingTests(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path, self.keys = Path(folder.name) / "snapshot", Path(folder.name) / "keys.json"
        self.keys.write_bytes(given.keys())
        self.path.write_bytes(given.signed(given.payload(given.host())))
        self.file = SnapshotFile(str(self.path), str(self.keys))

    def test_the_first_look_leaves_no_thread_behind(self) -> None:
        before = set(snapshot_file._threads().enumerate())
        self.assertIsNotNone(self.file.first().snapshot)
        for thread in set(snapshot_file._threads().enumerate()) - before:
            thread.join(10)
            self.assertFalse(thread.is_alive())

    def test_it_is_looked_at_also_while_nobody_asks(self) -> None:
        looked = snapshot_file._threads().Semaphore(0)
        look = self.file.look

        def counted() -> object:
            found = look()
            looked.release()
            return found

        with mock.patch.object(self.file, "look", counted), mock.patch.object(snapshot_file, "INTERVAL", 0.001):
            self.file.state()
            for _ in range(5):
                self.assertTrue(looked.acquire(timeout=30))

    def test_a_process_has_one_thread_that_ends_with_the_filter(self) -> None:
        before = set(snapshot_file._threads().enumerate())
        with mock.patch.object(snapshot_file, "INTERVAL", 0.001):
            for _ in range(100):
                self.file.state()
            made = list(set(snapshot_file._threads().enumerate()) - before)
            self.assertEqual(1, len(made))
            gone = weakref.ref(self.file)
            del self.file
            gc.collect()
            made[0].join(30)
        self.assertFalse(made[0].is_alive())
        self.assertIsNone(gone())

    def test_a_worker_that_was_forked_looks_for_itself(self) -> None:
        self.file.first()
        self.path.write_bytes(given.signed(given.payload(given.host(), given.host(node=given.NODE[:-1] + "2"), issued=given.NOW + 1)))
        if (child := os.fork()) == 0:
            # The state of the parent is older than the file, and its threads are not here.
            known = self.file.state().snapshot
            os._exit(0 if known is not None and len(known.by_node) == 2 else 1)
        self.assertEqual(0, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    def test_while_a_mount_hangs_scheduling_goes_on_and_one_thread_waits(self) -> None:
        good = self.file.first()
        hangs, entered = snapshot_file._threads().Event(), snapshot_file._threads().Event()
        self.addCleanup(hangs.set)

        def hung(path: str) -> os.stat_result:
            entered.set()
            hangs.wait()
            return os.stat_result((0,) * 10)

        before = set(snapshot_file._threads().enumerate())
        with mock.patch.object(os, "stat", side_effect=hung), mock.patch.object(snapshot_file, "FIRST_LOOK", 0.01):
            for _ in range(1000):
                self.assertIs(good.snapshot, self.file.state().snapshot)
            self.assertTrue(entered.wait(30))
            made = list(set(snapshot_file._threads().enumerate()) - before)
            self.assertEqual(1, len(made))
            hangs.set()

    def test_where_no_thread_is_to_be_had_it_is_tried_again(self) -> None:
        with mock.patch.object(snapshot_file._threads().Thread, "start", side_effect=RuntimeError("can't start new thread")):
            self.assertIsNone(self.file.state().snapshot)
        self.assertIsNotNone(self.file.state().snapshot)

    def test_one_stat_a_second_and_no_more_reads_than_that(self) -> None:
        if shutil.which("strace") is None:
            if os.environ.get("CI") == "true":
                self.fail("strace is not installed")
            self.skipTest("strace is not installed")
        for how, reads in (("as it was", 1), ("replaced", 4)):
            with self.subTest(how=how):
                stats, opens = self.traced(4, how)
                self.assertEqual(4, len(stats))
                self.assertLessEqual(len(opens), reads)
                gaps = [after - before for before, after in zip(stats, stats[1:])]
                self.assertGreaterEqual(min(gaps), 0.99, gaps)

    def traced(self, looks: int, how: str) -> tuple[list[float], list[float]]:
        """When the system was asked about the file, and when it was opened to read, in seconds."""
        log = self.path.with_name("strace.log")
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
        subprocess.run(
            [
                *("strace", "-f", "-ttt", "-o", str(log), "-P", str(self.path), "-e", "trace=%file"),
                *(sys.executable, "-c", ASKED_ALL_THE_TIME, str(self.path), str(self.keys), str(looks), how),
            ],
            env=environment,
            check=True,
            timeout=300,
        )
        stats, opens = [], []
        for line in log.read_text().splitlines():
            found = re.match(r"\d+ +(\d+\.\d+) (\w+)\((.*)", line)
            # Other threads' calls are cut in two; the first half has the path.
            if found is None or f'"{self.path}"' not in found[3]:
                continue
            if found[2] in ("stat", "newfstatat", "statx"):
                stats.append(float(found[1]))
            elif found[2] in ("open", "openat") and "O_NONBLOCK" in found[3]:
                opens.append(float(found[1]))
        return stats, opens
