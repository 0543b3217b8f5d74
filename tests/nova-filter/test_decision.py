"""The decision table, every branch of it; and what a request asks for."""

from __future__ import annotations

import unittest
from dataclasses import replace

import given
from openstack_sev_filter import request
from openstack_sev_filter.decision import ALLOW, AUTO, REJECT, Known, refusal
from openstack_sev_filter.request import Request
from openstack_sev_filter.snapshot import Host, Snapshot

NOW = given.NOW
TRUSTED = Host("c", "trusted", proven_at=NOW - 100, expires_at=NOW + 100, baselines=frozenset({"SB_3019"}))
HOSTS = {
    "trusted": TRUSTED,
    "expired": replace(TRUSTED, expires_at=NOW),
    "untrusted": replace(TRUSTED, trust="untrusted"),
    "quarantined": replace(TRUSTED, trust="quarantined"),
    "unknown": replace(TRUSTED, trust="unknown"),
    "not there": None,
}
PLAIN, ENCRYPTED, TRUST = Request(False, False), Request(True, False), Request(True, True)


def known(age: float | None, on_stale: str = AUTO) -> Known:
    return Known(None if age is None else Snapshot(NOW - age, NOW - age + 600, {}, {}), NOW, 300, on_stale)


class DecisionTests(unittest.TestCase):
    def test_a_plain_server_goes_anywhere(self) -> None:
        for host in HOSTS.values():
            for what in (known(0), known(None), known(0, REJECT), known(None, REJECT)):
                self.assertIsNone(refusal(PLAIN, host, what))

    def test_with_a_fresh_snapshot(self) -> None:
        expected = {
            "trusted": (None, None),
            "expired": (None, "host.proof_expired"),
            "untrusted": ("host.untrusted", "host.untrusted"),
            "quarantined": ("host.quarantined", "host.quarantined"),
            "unknown": (None, "host.unknown"),
            "not there": (None, "host.unknown"),
        }
        for on_stale in (AUTO, REJECT, ALLOW):
            for name, host in HOSTS.items():
                with self.subTest(host=name, on_stale=on_stale):
                    self.assertEqual(
                        expected[name], (refusal(ENCRYPTED, host, known(0, on_stale)), refusal(TRUST, host, known(0, on_stale)))
                    )

    def test_without_one_that_counts(self) -> None:
        for age, code in ((None, "snapshot.missing"), (300.0, "snapshot.stale"), (10_000.0, "snapshot.stale"), (-300.0, "snapshot.stale")):
            for name, host in HOSTS.items():
                with self.subTest(age=age, host=name):
                    if name == "quarantined":
                        for on_stale in (AUTO, REJECT, ALLOW):
                            self.assertEqual("host.quarantined", refusal(ENCRYPTED, host, known(age, on_stale)))
                        continue
                    self.assertEqual((None, code), (refusal(ENCRYPTED, host, known(age)), refusal(TRUST, host, known(age))))
                    self.assertEqual((code, code), (refusal(ENCRYPTED, host, known(age, REJECT)), refusal(TRUST, host, known(age, REJECT))))
                    self.assertEqual((None, None), (refusal(ENCRYPTED, host, known(age, ALLOW)), refusal(TRUST, host, known(age, ALLOW))))

    def test_a_snapshot_ends_by_its_own_end_too(self) -> None:
        short = Known(Snapshot(NOW - 10, NOW, {}, {}), NOW, 300, AUTO)
        self.assertEqual("snapshot.stale", refusal(TRUST, TRUSTED, short))

    def test_age_of_the_proof_and_bulletins(self) -> None:
        for asked, code in (
            (replace(TRUST, max_proof_age=100), None),
            (replace(TRUST, max_proof_age=99), "host.proof_too_old"),
            (replace(TRUST, max_proof_age=-1), "host.proof_too_old"),
            (replace(TRUST, baselines=frozenset({"SB_3019"})), None),
            (replace(TRUST, baselines=frozenset({"SB_3019", "SB_9999"})), "host.tcb"),
        ):
            with self.subTest(asked=asked):
                self.assertEqual(code, refusal(asked, TRUSTED, known(0)))


class RequestTests(unittest.TestCase):
    def test_what_asks_for_encryption(self) -> None:
        for specs, properties, asked in (
            ({}, {}, PLAIN),
            ({"hw:mem_encryption": "false"}, {"hw_mem_encryption": False}, PLAIN),
            ({"hw:mem_encryption": "true"}, {}, ENCRYPTED),
            ({"hw:mem_encryption": "required"}, {}, ENCRYPTED),
            ({"hw:mem_encryption_model": "amd-sev-snp"}, {}, ENCRYPTED),
            ({}, {"hw_mem_encryption": True}, ENCRYPTED),
            ({}, {"hw_mem_encryption_model": "amd-sev"}, ENCRYPTED),
            ({"resources:CUSTOM_SEV_SNP_ASID": "1"}, {}, ENCRYPTED),
            ({"resources1:CUSTOM_SEV_ASID": "1"}, {}, ENCRYPTED),
            ({"resources_a:CUSTOM_SEV_ES_ASID": "1"}, {}, ENCRYPTED),
            ({"trait:CUSTOM_SEV_SNP": "required"}, {}, ENCRYPTED),
            ({"trait:CUSTOM_SEV_TRUSTED": "required"}, {}, ENCRYPTED),
            ({"trait:CUSTOM_SEV_QUARANTINED": "forbidden"}, {}, PLAIN),
            ({"trait:HW_CPU_X86_AMD_SEV": "required"}, {}, ENCRYPTED),
            ({"trait:CUSTOM_SEVEN": "required", "resources:CUSTOM_SEVEN_ASID": "1"}, {}, PLAIN),
            ({"sev:trust": "required"}, {}, TRUST),
            ({"sev:trust": "optional"}, {}, TRUST),
            ({"sev:max_proof_age": "3600"}, {}, replace(TRUST, max_proof_age=3600)),
            ({"sev:max_proof_age": "an hour"}, {}, replace(TRUST, max_proof_age=-1)),
            ({"sev:tcb": "SB_3019,SB_3015"}, {}, replace(TRUST, baselines=frozenset({"SB_3019", "SB_3015"}))),
        ):
            with self.subTest(specs=specs, properties=properties):
                self.assertEqual(asked, request.read(specs, properties))
