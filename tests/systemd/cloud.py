#!/usr/bin/python3
"""Stands in for what the services ask, inside the machine: Keystone, Placement, Nova's metadata service, and a control plane for the guest.

Real ones answer the same programs in tests/OpenStackSev.Acceptance and tests/guide; here it is enough that there is something to ask.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

INSTANCE = "7f9a1f2e-0d0c-4d5b-9a54-3e1b2c3d4e5f"
NODE = "11111111-2222-4333-8444-555555555555"
HERE = "http://127.0.0.1:5000"


def endpoint(kind: str, url: str) -> dict[str, Any]:
    where = {"region": "RegionOne", "region_id": "RegionOne", "url": url, "id": kind}
    return {"type": kind, "name": kind, "id": kind, "endpoints": [{**where, "interface": which} for which in ("public", "internal")]}


class Keystone:
    """One user, who may everything, with one token."""

    def token(self) -> dict[str, Any]:
        domain = {"id": "default", "name": "Default"}
        return {
            "token": {
                "expires_at": "2099-01-01T00:00:00.000000Z",
                "issued_at": "2026-01-01T00:00:00.000000Z",
                "methods": ["password"],
                "user": {"id": "u", "name": "node", "domain": domain},
                "project": {"id": "p", "name": "service", "domain": domain},
                "roles": [{"id": "r", "name": "admin"}, {"id": "q", "name": "service"}],
                "catalog": [endpoint("placement", HERE + "/placement"), endpoint("attestation", "https://127.0.0.1:9520")],
            }
        }


class Placement:
    """Providers with generations: a write that does not know the last one is refused."""

    def __init__(self) -> None:
        self.classes, self.traits = {"VCPU"}, {"HW_CPU_X86_AMD_SEV"}
        self.providers: dict[str, dict[str, Any]] = {}
        self.make({"name": "node1", "uuid": NODE})

    def make(self, body: dict[str, Any]) -> dict[str, Any]:
        parent = body.get("parent_provider_uuid")
        made = {"uuid": body["uuid"], "name": body["name"], "parent_provider_uuid": parent, "root_provider_uuid": NODE, "generation": 0}
        self.providers[body["uuid"]] = {**made, "links": [], "inventories": {}, "traits": []}
        return self.shown(body["uuid"])

    def shown(self, uuid: str) -> dict[str, Any]:
        return {key: value for key, value in self.providers[uuid].items() if key not in ("inventories", "traits")}

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> tuple[int, Any]:
        if path in ("", "/"):
            version = {"id": "v1.0", "max_version": "1.39", "min_version": "1.0", "status": "CURRENT", "links": []}
            return 200, {"versions": [version]}
        if path == "/resource_providers":
            if method == "POST":
                return 200, self.make(body)
            wanted = [one for one in self.providers if query.get("name", [self.providers[one]["name"]]) == [self.providers[one]["name"]]]
            return 200, {"resource_providers": [self.shown(one) for one in wanted]}
        if path in ("/resource_classes", "/traits"):
            named = [{"name": name, "links": []} for name in sorted(self.classes)]
            return 200, {"resource_classes": named} if path == "/resource_classes" else {"traits": sorted(self.traits)}
        if method == "PUT" and (name := re.fullmatch("/(resource_classes|traits)/([A-Z0-9_]+)", path)):
            (self.traits if name[1] == "traits" else self.classes).add(name[2])
            return 201, None
        found = re.fullmatch("/resource_providers/([0-9a-f-]{36})(?:/([a-z]+))?", path)
        if not found or found[1] not in self.providers:
            return 404, {"errors": [{"status": 404, "title": "Not Found", "detail": path, "code": "placement.undefined_code"}]}
        return self.of(method, self.providers[found[1]], found[2], body)

    def of(self, method: str, provider: dict[str, Any], part: str | None, body: dict[str, Any]) -> tuple[int, Any]:
        if part is None:
            return 200, self.shown(provider["uuid"])
        if part == "usages":
            return 200, {"resource_provider_generation": provider["generation"], "usages": dict.fromkeys(provider["inventories"], 0)}
        if method == "PUT":
            if body["resource_provider_generation"] != provider["generation"]:
                return 409, {
                    "errors": [{"status": 409, "title": "Conflict", "detail": "generation", "code": "placement.concurrent_update"}]
                }
            provider[part] = body[part]
            provider["generation"] += 1
        return 200, {part: provider[part], "resource_provider_generation": provider["generation"]}


class Guests:
    """Metadata that asks for a proof, and who takes it without looking at it."""

    def answer(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path.endswith("vendor_data2.json"):
            return 200, {
                "static": {},
                "sev": {"openstack_sev": {"url": HERE + "/attestation", "ticket": "tkt-4mXw9qLr7vHc2NfS8bKd", "instance": INSTANCE}},
            }
        if path.endswith("meta_data.json"):
            return 200, {"uuid": INSTANCE, "meta": {}}
        if path == "/attestation/v1/challenges":
            return 200, {"id": NODE, "instance": INSTANCE, "nonce": "A" * 43 + "=", "expires_in": 60}
        if path == "/attestation/v1/evidence" and len(body["report"]) == 1580:
            return 200, {"verdict": "affirming", "findings": [], "next_round_in": 300, "token": "aaa.bbb.ccc", "token_expires_in": 600}
        return 404, None


KEYSTONE, PLACEMENT, GUESTS, ONE = Keystone(), Placement(), Guests(), threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        with ONE:
            if url.path == "/v3/auth/tokens":
                status, answer = 201 if self.command == "POST" else 200, KEYSTONE.token()
            elif url.path.startswith("/placement"):
                status, answer = PLACEMENT.answer(self.command, url.path.removeprefix("/placement"), parse_qs(url.query), body)
                Path("/run/placement.json").write_text(json.dumps(PLACEMENT.providers))
            else:
                status, answer = GUESTS.answer(url.path, body)
        text = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        if url.path == "/v3/auth/tokens":
            self.send_header("X-Subject-Token", "token-of-the-only-user")
        self.end_headers()
        self.wfile.write(text)

    do_POST = do_PUT = do_GET


servers = [ThreadingHTTPServer(("127.0.0.1", 5000), Handler), ThreadingHTTPServer(("169.254.169.254", 80), Handler)]
threading.Thread(target=servers[1].serve_forever, daemon=True).start()
print("ready", flush=True)
servers[0].serve_forever()
