"""Snapshots as the control plane signs them, and requests as Nova brings them."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

NODE = "5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11"
NOW = 1_700_000_000.0

KEY = ec.generate_private_key(ec.SECP384R1())
OTHER_KEY = ec.generate_private_key(ec.SECP384R1())


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def time_of(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def jwk(key: ec.EllipticCurvePrivateKey, kid: str) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-384",
        "kid": kid,
        "x": encoded(numbers.x.to_bytes(48, "big")),
        "y": encoded(numbers.y.to_bytes(48, "big")),
    }


def keys(*more: dict[str, Any]) -> bytes:
    return keys_of(jwk(KEY, "one"), *more)


def keys_of(*entries: dict[str, Any]) -> bytes:
    return json.dumps({"keys": entries}).encode()


def host(node: object = NODE, **fields: Any) -> dict[str, Any]:
    entry = {"node": node, "name": "compute1", "trust": "trusted", "proven_at": time_of(NOW - 100), "expires_at": time_of(NOW + 1000)}
    return {name: value for name, value in {**entry, **fields}.items() if value is not None}


def payload(*hosts: dict[str, Any], issued: float = NOW, lasts: float = 600, **fields: Any) -> bytes:
    return json.dumps(
        {"version": 1, "issued_at": time_of(issued), "expires_at": time_of(issued + lasts), "hosts": list(hosts), **fields}
    ).encode()


def signed(content: bytes, key: ec.EllipticCurvePrivateKey = KEY, **header: Any) -> bytes:
    head = {"alg": "ES384", "typ": "openstack-sev-snapshot", "kid": "one", **header}
    text = f"{encoded(json.dumps(head).encode())}.{encoded(content)}"
    r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA384())))
    return f"{text}.{encoded(r.to_bytes(48, 'big') + s.to_bytes(48, 'big'))}".encode()
