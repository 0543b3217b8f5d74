"""The file with the snapshot. The scheduler never waits for it: another thread reads, and the last good one counts meanwhile."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from openstack_sev_filter import snapshot
from openstack_sev_filter.snapshot import BadSnapshot, Snapshot

#: Seconds from the end of one look at the file to the next.
INTERVAL = 1.0

#: Seconds that two clocks may differ.
SKEW = 300.0

#: Seconds that the first look of a process is waited for; no other is.
FIRST_LOOK = 1.0


@dataclass(frozen=True)
class State:
    """What the last look found."""

    #: The last good one.
    snapshot: Snapshot | None = None

    #: Code and detail of what is wrong with the file now; None when it is the snapshot above.
    problem: str | None = "snapshot.missing: not looked at yet"

    #: Of the file that it was read from.
    stamp: tuple[object, ...] | None = None

    #: Of the snapshot and the keys that were read last and did not hold.
    refused: tuple[object, ...] | None = None


class _Process:
    """What each process has of its own: the scheduler makes its filters and forks its workers then, in which no thread lives on."""

    def __init__(self) -> None:
        #: Taken by whoever starts the thread that looks.
        self.watched = _threads().Lock()
        self.looking = _threads().Lock()
        self.looked = _threads().Event()


class SnapshotFile:
    """One file and its keys. A thread looks at it, also while nobody asks: who asks then is not judged by what was hours ago."""

    def __init__(self, path: str, keys: str) -> None:
        self._path, self._keys = path, keys
        self._state = State()
        self._processes: dict[int, _Process] = {}

    def first(self) -> State:
        """Before the scheduler forks: looks once, and waits a little for that. No thread is left then, unless a mount hangs."""
        self._start(self.look)
        self._process().looked.wait(FIRST_LOOK)
        return self._state

    def state(self) -> State:
        """What is known. Waits for nothing, but a little for the first look of a process."""
        process = self._process()
        if process.watched.acquire(blocking=False):
            process.looked.clear()
            if self._start(_look_on, weakref.ref(self)):
                process.looked.wait(FIRST_LOOK)
            else:
                process.watched.release()
        return self._state

    def look(self) -> State:
        """One look, by whoever calls it. Nothing is logged here: under eventlet the logger's locks belong to the scheduler's thread."""
        process = self._process()
        with process.looking:
            try:
                self._state = self._next(self._state)
            except Exception as e:  # whatever it is, the scheduler must go on by the last good one, and somebody must hear of it
                self._state = replace(self._state, problem=f"snapshot.unreadable: {type(e).__name__}", refused=None)
        process.looked.set()
        return self._state

    def _process(self) -> _Process:
        number = os.getpid()
        return self._processes.get(number) or self._processes.setdefault(number, _Process())

    @staticmethod
    def _start(work: Callable[..., object], *arguments: object) -> bool:
        """False when no thread is to be had: then at the next request again."""
        try:
            _threads().Thread(target=work, args=arguments, name="openstack-sev-snapshot", daemon=True).start()
        except RuntimeError:
            return False
        return True

    def _next(self, state: State) -> State:
        try:
            found = _stamp(os.stat(self._path))
            # Other keys are looked for with each new snapshot, and while there is something wrong.
            if found == state.stamp and state.problem is None:
                return state
            both = (found, _stamp(os.stat(self._keys)))
            if both == state.refused:
                return state
            keys = snapshot.read_keys(_read(self._keys, snapshot.MAXIMUM_KEYS_SIZE, "keys"))
            text = _read(self._path, snapshot.MAXIMUM_SIZE, "snapshot")
            return State(_newest(state.snapshot, snapshot.read(text, keys)), None, found)
        except FileNotFoundError as e:
            return replace(state, problem=f"{self._kind(e)}.missing: {e.filename} is not there", refused=None)
        except OSError as e:
            return replace(state, problem=f"{self._kind(e)}.unreadable: {e.filename}: {e.strerror}", refused=None)
        except BadSnapshot as e:
            # The same bytes are as bad at the next look, and may be 64 MB.
            return replace(state, problem=str(e), refused=both)

    def _kind(self, error: OSError) -> str:
        return "keys" if error.filename == self._keys else "snapshot"


def _look_on(watched: weakref.ref[SnapshotFile]) -> None:
    """In its own thread, as long as there is somebody to look for."""
    pause = _threads().Event()
    while (file := watched()) is not None:
        file.look()
        del file
        pause.wait(INTERVAL)


def _newest(before: Snapshot | None, now: Snapshot) -> Snapshot:
    """An older one that is put back may have trusted a host that is quarantined since.

    One from the future, of a clock that was wrong once, keeps out none that come after it.
    """
    if before is not None and now.issued_at < before.issued_at <= time.time() + SKEW:
        raise BadSnapshot("snapshot.rolled_back", "it is older than the one before")
    return now


def _stamp(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _read(path: str, most: int, kind: str) -> bytes:
    # Not blocking: somebody may have put a pipe there.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise BadSnapshot(f"{kind}.not_a_file", f"{path} is no regular file")
        # A look at the size first: most of what is too large is not read at all.
        if os.fstat(descriptor).st_size > most:
            raise BadSnapshot(f"{kind}.too_large", f"{path} has more than {most} bytes")
        # Not os.fdopen: under eventlet that one waits in the scheduler's own loop.
        with open(descriptor, "rb", closefd=False) as file:
            text = file.read(most + 1)
    except OSError as e:
        e.filename = path
        raise
    finally:
        os.close(descriptor)
    if len(text) > most:
        raise BadSnapshot(f"{kind}.too_large", f"{path} has more than {most} bytes")
    return text


def _threads() -> Any:
    """The real threads: where the scheduler runs on eventlet, a thread of its own would stop all of it while a mount hangs."""
    patcher = sys.modules.get("eventlet.patcher")
    return patcher.original("threading") if patcher is not None and patcher.is_monkey_patched("thread") else threading
