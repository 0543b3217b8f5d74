"""Every line of the decision table, for every way to ask and every state of the file, in Nova's own classes."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import given
import in_nova
import table
from nova import objects
from openstack_sev_filter import filter as sut

HOSTS: list[dict[str, Any]] = [
    {"name": "trusted", "baselines": ["SB_3019", "SB_3015"]},
    {"name": "expired", "lasts": -100},
    {"name": "untrusted", "trust": "untrusted"},
    {"name": "quarantined", "trust": "quarantined"},
    {"name": "unknown", "trust": "unknown"},
]


class MatrixTests(in_nova.InNova):
    """One test a state of the file and a value of on_stale; each goes through all requests and hosts."""

    def hosts(self) -> list[dict[str, Any]]:
        return [in_nova.host(**fields) for fields in HOSTS]

    def good(self, **how: Any) -> None:
        self.put(*self.hosts(), **how)

    def garbage(self) -> None:
        self.path.write_bytes(b"garbage")

    def not_whole(self) -> None:
        self.good()
        os.truncate(self.path, self.path.stat().st_size // 2)

    def huge(self) -> None:
        self.garbage()
        os.truncate(self.path, 100 * 1024 * 1024)

    def gone(self) -> None:
        self.path.unlink(missing_ok=True)

    def pipe(self) -> None:
        self.gone()
        os.mkfifo(self.path)

    def of_a_folder(self) -> None:
        self.gone()
        self.path.mkdir()

    def by_another(self) -> None:
        self.good(key=given.OTHER_KEY)

    def by_a_key_that_is_not_known(self) -> None:
        self.good(kid="two")

    def without_keys(self) -> None:
        self.good()
        self.keys.unlink()

    def put_back(self) -> None:
        """An older one, in which nobody is quarantined."""
        self.put(*(in_nova.host(**{**fields, "trust": "trusted"}) for fields in HOSTS), age=30)

    def judged(self, expected: str, on_stale: str, *steps: Callable[[], None]) -> None:
        self.option("on_stale", on_stale)
        judge: sut.SevTrustFilter | None = None
        for step in steps:
            step()
            if judge is None:
                judge = sut.SevTrustFilter()
            judge._file.look()
        assert judge is not None
        wanted = table.decisions()
        for asked in requests_of_this_nova():
            with self.subTest(asked=asked), in_nova.Lines() as lines:
                passed = in_nova.through(judge, table.HOSTS, in_nova.spec(asked.specs, asked.properties))
                should = {name: wanted[expected, on_stale, asked.asks, name] for name in table.HOSTS}
                self.assertEqual({name: code for name, code in should.items() if code}, lines.codes())
                self.assertEqual([name for name, code in should.items() if not code], passed)


def requests_of_this_nova() -> list[table.Asked]:
    """An image property that it does not know never reaches a filter, nor does it encrypt anything (Zed: hw_mem_encryption_model)."""
    return [asked for asked in table.requests() if asked.properties.keys() <= objects.ImageMetaProps.fields.keys()]


#: What befalls the file, one after the other, and what the table calls the end of it.
STATES: dict[str, tuple[str, Callable[[MatrixTests], list[Callable[[], None]]]]] = {
    "fresh": ("counts", lambda t: [t.good]),
    "too_old": ("stale", lambda t: [lambda: t.good(age=in_nova.MAX_AGE + 60)]),
    "at_its_end": ("stale", lambda t: [lambda: t.good(age=60, lasts=30)]),
    "from_the_future": ("stale", lambda t: [lambda: t.good(age=-in_nova.MAX_AGE - 60)]),
    "missing": ("none", lambda t: [t.gone]),
    "corrupt": ("none", lambda t: [t.garbage]),
    "cut_short": ("none", lambda t: [t.not_whole]),
    "badly_signed": ("none", lambda t: [t.by_another]),
    "of_an_unknown_key": ("none", lambda t: [t.by_a_key_that_is_not_known]),
    "without_keys": ("none", lambda t: [t.without_keys]),
    "of_100_megabytes": ("none", lambda t: [t.huge]),
    "a_pipe": ("none", lambda t: [t.pipe]),
    "a_folder": ("none", lambda t: [t.of_a_folder]),
    "fresh_then_missing": ("counts", lambda t: [t.good, t.gone]),
    "fresh_then_corrupt": ("counts", lambda t: [t.good, t.garbage]),
    "fresh_then_badly_signed": ("counts", lambda t: [t.good, t.by_another]),
    "fresh_then_of_100_megabytes": ("counts", lambda t: [t.good, t.huge]),
    "fresh_then_a_pipe": ("counts", lambda t: [t.good, t.pipe]),
    "fresh_then_an_older_one": ("counts", lambda t: [t.good, t.put_back]),
    "too_old_then_corrupt": ("stale", lambda t: [lambda: t.good(age=in_nova.MAX_AGE + 60), t.garbage]),
    "corrupt_then_fresh": ("counts", lambda t: [t.garbage, t.good]),
}


def _test(state: str, on_stale: str) -> Callable[[MatrixTests], None]:
    expected, steps = STATES[state]

    def test(self: MatrixTests) -> None:
        self.judged(expected, on_stale, *steps(self))

    test.__name__ = f"test_a_snapshot_{state}_with_on_stale_{on_stale}"
    return test


for _state in STATES:
    for _on_stale in table.ON_STALE:
        _made = _test(_state, _on_stale)
        setattr(MatrixTests, _made.__name__, _made)
