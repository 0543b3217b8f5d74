"""The decision table, every branch of it; and what a request asks for."""

from __future__ import annotations

import itertools
import unittest
from dataclasses import replace

import given
import table
from openstack_sev_filter import request
from openstack_sev_filter.decision import AUTO, Known, refusal
from openstack_sev_filter.request import Request
from openstack_sev_filter.snapshot import Host, Snapshot

NOW = given.NOW
TRUSTED = Host("c", "trusted", proven_at=NOW - 100, expires_at=NOW + 100, baselines=frozenset({"SB_3019", "SB_3015"}))
HOSTS = {
    "trusted": TRUSTED,
    "expired": replace(TRUSTED, expires_at=NOW),
    "untrusted": replace(TRUSTED, trust="untrusted"),
    "quarantined": replace(TRUSTED, trust="quarantined"),
    "unknown": replace(TRUSTED, trust="unknown"),
    "absent": None,
}
PLAIN, TRUST = Request(False, False), Request(True, True)
ASKED = {
    "plain": PLAIN,
    "encrypted": Request(True, False),
    "trust": TRUST,
    "young": replace(TRUST, max_proof_age=100),
    "old": replace(TRUST, max_proof_age=99),
    "firmware": replace(TRUST, baselines=frozenset({"SB_3019"})),
    "more": replace(TRUST, baselines=frozenset({"SB_3019", "SB_9999"})),
}


def of_age(age: float, lasts: float = 600) -> Snapshot:
    return Snapshot(NOW - age, NOW - age + lasts, {}, {})


SNAPSHOTS = {
    "counts": (of_age(0), of_age(299), of_age(-299), of_age(10, lasts=11)),
    "stale": (of_age(300), of_age(10_000), of_age(-300), of_age(10, lasts=10)),
    "none": (None,),
}


class DecisionTests(unittest.TestCase):
    def test_the_table_is_whole(self) -> None:
        self.assertEqual(set(itertools.product(table.SNAPSHOTS, table.ON_STALE, ASKED, table.HOSTS)), set(table.decisions()))

    def test_every_line_of_the_table(self) -> None:
        for (snapshot, on_stale, asks, host), expected in table.decisions().items():
            for one in SNAPSHOTS[snapshot]:
                with self.subTest(snapshot=snapshot, on_stale=on_stale, asks=asks, host=host, one=one):
                    # Of what was never known, no host is.
                    found = HOSTS[host] if one else None
                    self.assertEqual(expected, refusal(ASKED[asks], found, Known(one, NOW, 300, on_stale)))

    def test_an_age_that_is_no_age_is_met_by_no_proof(self) -> None:
        asked = replace(TRUST, max_proof_age=-1)
        for proven_at in (NOW - 100, NOW, NOW + 5):
            self.assertEqual("host.proof_too_old", refusal(asked, replace(TRUSTED, proven_at=proven_at), Known(of_age(0), NOW, 300, AUTO)))


class RequestTests(unittest.TestCase):
    def test_what_asks_for_what(self) -> None:
        for asked in table.requests():
            with self.subTest(asked=asked):
                read = request.read(asked.specs, asked.properties)
                self.assertEqual(
                    (asked.asks != "plain", asked.asks not in ("plain", "encrypted")), (read.is_confidential, read.requires_trust)
                )
                code = refusal(read, TRUSTED, Known(of_age(0), NOW, 300, AUTO))
                self.assertEqual(table.decisions()["counts", "auto", asked.asks, "trusted"], code)

    def test_words_of_each(self) -> None:
        self.assertEqual(replace(TRUST, max_proof_age=3600), request.read({"sev:max_proof_age": "3600"}, {}))
        self.assertEqual(replace(TRUST, baselines=frozenset({"SB_3019", "SB_3015"})), request.read({"sev:tcb": "SB_3019,SB_3015"}, {}))
        self.assertEqual(PLAIN, request.read({}, {"hw_mem_encryption": False}))
        self.assertTrue(request.read({}, {"hw_mem_encryption": True}).is_confidential)
