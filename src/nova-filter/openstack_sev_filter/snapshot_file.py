"""The file with the snapshot. The scheduler never waits for it: another thread reads, and the last good one counts meanwhile."""

from __future__ import annotations

import os
import stat
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from openstack_sev_filter import snapshot
from openstack_sev_filter.snapshot import BadSnapshot, Snapshot

#: Seconds between two looks at the file.
INTERVAL = 1.0

#: Seconds that the first look may take when the scheduler starts; never again.
FIRST_LOOK = 1.0


@dataclass(frozen=True)
class State:
    """What the last look found."""

    #: The last good one.
    snapshot: Snapshot | None = None

    #: Code and detail of what is wrong with the file now; None when it is the snapshot above.
    problem: str | None = "snapshot.missing: not looked at yet"

    #: Of the files that were read last.
    stamp: tuple[object, ...] | None = None


class SnapshotFile:
    """One file and its keys.

    :param clock: seconds that only grow.
    """

    def __init__(self, path: str, keys: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path, self._keys, self._clock = path, keys, clock
        self._state = State()
        self._looked_at = float("-inf")
        # Whether a look is on its way; a hung mount keeps it so, and then there is no second one.
        self._busy = _threads().Lock()

    def state(self) -> State:
        """What is known; starts a look at the file when the last one is a second old."""
        now = self._clock()
        if now - self._looked_at >= INTERVAL and self._busy.acquire(blocking=False):
            self._looked_at = now
            self._start()
        return self._state

    def first(self) -> State:
        """The same, but waits a little for it: so that the first server after a start is not judged without a snapshot."""
        self.state()
        if self._busy.acquire(timeout=FIRST_LOOK):
            self._busy.release()
        return self._state

    def _start(self) -> None:
        try:
            _threads().Thread(target=self._look, name="openstack-sev-snapshot", daemon=True).start()
        except RuntimeError:
            # No thread is to be had: at the next second again.
            self._busy.release()

    def _look(self) -> None:
        """In its own thread. Nothing is logged here: under eventlet the logger's locks belong to the scheduler's thread."""
        try:
            self._state = self._next(self._state)
        except Exception as e:  # whatever it is, the scheduler must go on by the last good one, and somebody must hear of it
            self._state = replace(self._state, problem=f"snapshot.unreadable: {type(e).__name__}", stamp=None)
        finally:
            self._busy.release()

    def _next(self, state: State) -> State:
        try:
            found = (_stamp(os.stat(self._path)), _stamp(os.stat(self._keys)))
            if found == state.stamp:
                return state
            keys = snapshot.read_keys(_read(self._keys, snapshot.MAXIMUM_KEYS_SIZE))
            text = _read(self._path, snapshot.MAXIMUM_SIZE)
            return State(_newest(state.snapshot, snapshot.read(text, keys)), None, found)
        except FileNotFoundError as e:
            return replace(state, problem=f"snapshot.missing: {e.filename} is not there", stamp=None)
        except OSError as e:
            return replace(state, problem=f"snapshot.unreadable: {e.filename}: {e.strerror}", stamp=None)
        except BadSnapshot as e:
            # Its stamp is kept: the same bytes are as bad at the next look, and may be 64 MB.
            return replace(state, problem=str(e), stamp=found)


def _newest(before: Snapshot | None, now: Snapshot) -> Snapshot:
    """An older one that is put back may have trusted a host that is quarantined since."""
    if before is not None and now.issued_at < before.issued_at:
        raise BadSnapshot("snapshot.rolled_back", "it is older than the one before")
    return now


def _stamp(found: os.stat_result) -> tuple[int, int, int, int]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _read(path: str, most: int) -> bytes:
    # Not blocking: somebody may have put a pipe there.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", closefd=True) as file:  # noqa: PTH123 - a descriptor has no path
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise BadSnapshot("snapshot.not_a_file", f"{path} is no regular file")
        if found.st_size > most:
            raise BadSnapshot("snapshot.too_large", f"{path} has {found.st_size} bytes; at most {most} are read")
        text = file.read(most + 1)
    if len(text) > most:
        raise BadSnapshot("snapshot.too_large", f"{path} has more than {most} bytes")
    return text


def _threads() -> Any:
    """The real threads: where the scheduler runs on eventlet, a thread of its own would stop all of it while a mount hangs."""
    patcher = sys.modules.get("eventlet.patcher")
    return patcher.original("threading") if patcher is not None and patcher.is_monkey_patched("thread") else threading
