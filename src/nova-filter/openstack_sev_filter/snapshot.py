"""A snapshot of the hosts' trust: a JWS in compact form, signed by the control plane.

Pure: bytes in, a value or :class:`BadSnapshot` out.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

TYPE = "openstack-sev-snapshot"
ALGORITHM = "ES384"

#: Bytes; 100,000 hosts are some 40 MB.
MAXIMUM_SIZE = 64 * 1024 * 1024
MAXIMUM_KEYS_SIZE = 64 * 1024
MAXIMUM_KEYS = 16

TRUSTED, UNTRUSTED, QUARANTINED, UNKNOWN = "trusted", "untrusted", "quarantined", "unknown"
_WORDS = frozenset({TRUSTED, UNTRUSTED, QUARANTINED, UNKNOWN})
_PART = 48
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(\.[0-9]{1,9})?(?:Z|\+00:00)")


class BadSnapshot(Exception):
    """It says nothing; the reason is a code and a detail."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code


@dataclass(frozen=True)
class Host:
    """What is known of one host."""

    name: str
    trust: str

    #: Codes.
    reasons: tuple[str, ...] = ()

    #: When it was last proven, and until when that counts, in seconds since the epoch; 0 for never.
    proven_at: float = 0
    expires_at: float = 0

    #: Bulletins that its firmware meets, e.g. ``SB_3019``.
    baselines: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Snapshot:
    """All hosts at one time. Never changed: a newer one takes its place."""

    issued_at: float
    expires_at: float
    by_node: Mapping[str, Host] = field(repr=False)
    #: Names that one host alone has.
    by_name: Mapping[str, Host] = field(repr=False)

    def find(self, node: str | None, name: str | None) -> Host | None:
        """By the compute node's UUID; by its name where that is not known.

        A name alone makes no host trusted: it may be another machine than the one that had it before.
        """
        host = self.by_node.get(node.lower()) if node else None
        if host is None and name:
            host = self.by_name.get(name)
            if host is not None and host.trust == TRUSTED and node:
                return None
        return host


Keys = Mapping[str, ec.EllipticCurvePublicKey]


def read_keys(text: bytes) -> Keys:
    """The P-384 keys of a JWK Set, by ``kid``; others are passed over.

    :raises BadSnapshot: it is no JWK Set, or has no such key.
    """
    try:
        entries = json.loads(text)["keys"]
        keys = {}
        for entry in entries[:MAXIMUM_KEYS]:
            if entry.get("kty") == "EC" and entry.get("crv") == "P-384" and isinstance(entry.get("kid"), str):
                x, y = (int.from_bytes(_decode(entry[part]), "big") for part in ("x", "y"))
                keys[entry["kid"]] = ec.EllipticCurvePublicNumbers(x, y, ec.SECP384R1()).public_key()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
        raise BadSnapshot("keys.malformed", f"the keys are no JWK Set ({type(e).__name__})") from e
    if not keys:
        raise BadSnapshot("keys.none", "the JWK Set has no P-384 key")
    return keys


def read(text: bytes, keys: Keys) -> Snapshot:
    """A snapshot that one of the keys signed. What is inside is looked at only then.

    :raises BadSnapshot: any other.
    """
    if len(text) > MAXIMUM_SIZE:
        raise BadSnapshot("snapshot.too_large", f"more than {MAXIMUM_SIZE} bytes")
    parts = text.strip().split(b".")
    if len(parts) != 3:
        raise BadSnapshot("snapshot.malformed", "no JWS in compact form")
    _verify(parts, keys)
    try:
        return _snapshot(json.loads(_decode(parts[1])))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as e:
        raise BadSnapshot("snapshot.malformed", f"signed, but not as this release reads it ({type(e).__name__}: {e})") from e


def _verify(parts: list[bytes], keys: Keys) -> None:
    try:
        header = json.loads(_decode(parts[0]))
        signature = _decode(parts[2])
        algorithm, kind, key_id, critical = header["alg"], header["typ"], header["kid"], "crit" in header
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        raise BadSnapshot("snapshot.malformed", "the JWS has no header and signature") from e
    if algorithm != ALGORITHM or kind != TYPE or critical:
        raise BadSnapshot("snapshot.not_one", f"'{str(algorithm)[:20]}' '{str(kind)[:40]}' is no {ALGORITHM} {TYPE}")
    key = keys.get(key_id) if isinstance(key_id, str) else None
    if key is None:
        raise BadSnapshot("snapshot.key_unknown", "signed with a key that is not among the keys")
    if len(signature) != 2 * _PART:
        raise BadSnapshot("snapshot.signature", "the signature does not hold")
    r, s = (int.from_bytes(part, "big") for part in (signature[:_PART], signature[_PART:]))
    try:
        key.verify(encode_dss_signature(r, s), parts[0] + b"." + parts[1], ec.ECDSA(hashes.SHA384()))
    except InvalidSignature as e:
        raise BadSnapshot("snapshot.signature", "the signature does not hold") from e


def _snapshot(payload: Any) -> Snapshot:
    if payload["version"] != 1:
        raise ValueError(f"version {str(payload['version'])[:10]} is not 1")
    by_node: dict[str, Host] = {}
    by_name: dict[str, Host] = {}
    twice: set[str] = set()
    for entry in payload["hosts"]:
        host = _host(entry)
        by_node[entry["node"].lower()] = host
        if by_name.setdefault(host.name, host) is not host:
            twice.add(host.name)
    for name in twice:
        del by_name[name]
    return Snapshot(_time(payload["issued_at"]), _time(payload["expires_at"]), by_node, by_name)


def _host(entry: Any) -> Host:
    trust = entry["trust"]
    return Host(
        name=entry["name"],
        # A word of a later release: not one that this release may take for a yes.
        trust=trust if trust in _WORDS else UNKNOWN,
        reasons=tuple(entry.get("reasons", ())),
        proven_at=_time(proven_at) if (proven_at := entry.get("proven_at")) is not None else 0,
        expires_at=_time(expires_at) if (expires_at := entry.get("expires_at")) is not None else 0,
        baselines=frozenset(entry.get("baselines", ())),
    )


def _time(text: str) -> float:
    """RFC 3339 in UTC, and nothing else: ``2026-11-26T03:00:00Z``. Of fractions, Python before 3.11 takes three or six digits only."""
    found = _TIME.fullmatch(text)
    if found is None:
        raise ValueError("a time is not in UTC")
    return datetime.fromisoformat(found[1] + "+00:00").timestamp() + float(found[2] or 0)


def _decode(text: bytes | str) -> bytes:
    raw = text.encode("ascii") if isinstance(text, str) else text
    try:
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), altchars=b"-_", validate=True)
    except binascii.Error as e:
        raise ValueError("no base64url") from e
