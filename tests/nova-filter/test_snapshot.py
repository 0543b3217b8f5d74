"""What is read of a snapshot, and what is not."""

from __future__ import annotations

import json
import random
import unittest

import given
from openstack_sev_filter import snapshot
from openstack_sev_filter.snapshot import BadSnapshot


class SnapshotTests(unittest.TestCase):
    def test_a_signed_snapshot_is_read(self) -> None:
        read = snapshot.read(
            given.signed(given.payload(given.host(baselines=["SB_3019"], reasons=["a"]))), snapshot.read_keys(given.keys())
        )
        self.assertEqual((given.NOW, given.NOW + 600), (read.issued_at, read.expires_at))
        host = read.find(given.NODE.upper(), None)
        assert host is not None
        self.assertEqual(
            ("compute1", "trusted", ("a",), given.NOW - 100, given.NOW + 1000, {"SB_3019"}),
            (host.name, host.trust, host.reasons, host.proven_at, host.expires_at, host.baselines),
        )

    def test_what_is_not_signed_as_it_should_be_says_nothing(self) -> None:
        good = given.signed(given.payload(given.host()))
        head, body, signature = good.split(b".")
        for text, code in (
            (b"", "snapshot.malformed"),
            (b"a.b", "snapshot.malformed"),
            (b"!.!.!", "snapshot.malformed"),
            (given.signed(given.payload(), key=given.OTHER_KEY), "snapshot.signature"),
            (given.signed(given.payload(), kid="two"), "snapshot.key_unknown"),
            (given.signed(given.payload(), kid=["one"]), "snapshot.key_unknown"),
            (given.signed(given.payload(), alg="none"), "snapshot.not_one"),
            (given.signed(given.payload(), alg="HS384"), "snapshot.not_one"),
            (given.signed(given.payload(), typ="eat+jwt"), "snapshot.not_one"),
            (given.signed(given.payload(), crit=["exp"]), "snapshot.not_one"),
            (
                b".".join((head, given.encoded(given.payload(given.host(trust="trusted", name="evil"))).encode(), signature)),
                "snapshot.signature",
            ),
            (b".".join((head, body, b"")), "snapshot.signature"),
            (b".".join((head, body, given.encoded(bytes(96)).encode())), "snapshot.signature"),
        ):
            with self.subTest(code=code, text=text[:40]), self.assertRaises(BadSnapshot) as raised:
                snapshot.read(text, snapshot.read_keys(given.keys()))
            self.assertEqual(code, raised.exception.code)

    def test_a_signed_one_of_another_form_is_told_by_its_code(self) -> None:
        for content in (
            b"[]",
            b"null",
            b"7",
            b"{",
            b'{"version": 2}',
            given.payload(version=2),
            given.payload({}),
            given.payload(given.host(name=7, node=7)),
            given.payload(given.host(expires_at="2026-11-26T03:00:00+01:00")),
            given.payload(given.host(expires_at="soon")),
            given.payload(given.host(reasons=7)),
            given.payload(issued_at="never"),
            b'{"version":1,"hosts":' + b"[" * 100_000,
        ):
            with self.subTest(content=content[:80]), self.assertRaises(BadSnapshot) as raised:
                snapshot.read(given.signed(content), snapshot.read_keys(given.keys()))
            self.assertEqual("snapshot.malformed", raised.exception.code)

    def test_no_changed_byte_gets_through(self) -> None:
        good = given.signed(given.payload(given.host()))
        keys = snapshot.read_keys(given.keys())
        chosen = random.Random(7)
        for position in chosen.sample(range(len(good)), 200):
            changed = bytearray(good)
            changed[position] = chosen.choice([letter for letter in b"ABCDEFabcdef0123-_." if letter != good[position]])
            with self.subTest(position=position):
                try:
                    read = snapshot.read(bytes(changed), keys)
                except BadSnapshot:
                    continue
                # The last character of base64url may have bits that stand for nothing.
                self.assertEqual(snapshot.read(good, keys), read)

    def test_times_are_rfc_3339_in_utc(self) -> None:
        for text, expected in (
            ("2023-11-14T22:13:20Z", given.NOW),
            ("2023-11-14T22:13:20.25Z", given.NOW + 0.25),
            ("2023-11-14T22:13:20.1234567+00:00", given.NOW + 0.1234567),
            (None, 0),
        ):
            entry = given.host()
            entry["proven_at"] = text
            read = snapshot.read(given.signed(given.payload(entry)), snapshot.read_keys(given.keys()))
            self.assertAlmostEqual(expected, read.by_node[given.NODE].proven_at, places=6)

    def test_a_word_of_a_later_release_is_no_yes(self) -> None:
        read = snapshot.read(given.signed(given.payload(given.host(trust="very_trusted"))), snapshot.read_keys(given.keys()))
        self.assertEqual("unknown", read.by_node[given.NODE].trust)

    def test_a_name_finds_a_host_only_where_it_is_one_hosts_and_makes_none_trusted(self) -> None:
        other = "22222222-2222-4333-8444-555555555555"
        keys = snapshot.read_keys(given.keys())

        def find(trust: str, *more: dict[str, object]) -> object:
            return snapshot.read(given.signed(given.payload(given.host(trust=trust), *more)), keys).find(other, "compute1")

        self.assertIsNone(find("trusted"))
        for trust in ("untrusted", "quarantined"):
            self.assertIsNotNone(find(trust), trust)
        self.assertIsNone(find("quarantined", given.host(node="33333333-2222-4333-8444-555555555555")))

    def test_keys_are_p384_and_few(self) -> None:
        self.assertEqual(
            {"one"}, set(snapshot.read_keys(given.keys({"kty": "oct", "k": "AA", "kid": "x"}, {"kty": "EC", "crv": "P-256", "kid": "y"})))
        )
        off_the_curve = {"kty": "EC", "crv": "P-384", "kid": "z", "x": given.encoded(b"1" * 48), "y": given.encoded(b"2" * 48)}
        for text in (b"", b"[]", b"{}", b'{"keys": 7}', b'{"keys": [7]}', json.dumps({"keys": [off_the_curve]}).encode(), b'{"keys": []}'):
            with self.subTest(text=text[:40]), self.assertRaises(BadSnapshot):
                snapshot.read_keys(text)
