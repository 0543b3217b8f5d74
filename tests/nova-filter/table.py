"""The decision table of decisions.txt, and the requests of requests.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_HERE = Path(__file__).resolve().parent

SNAPSHOTS, ON_STALE = ("counts", "stale", "none"), ("auto", "reject", "allow")
HOSTS = ("trusted", "expired", "untrusted", "quarantined", "unknown", "absent")


@dataclass(frozen=True)
class Asked:
    """A flavor and an image, and the word that the table has for what they ask."""

    asks: str
    specs: dict[str, str]
    properties: dict[str, str]


def requests() -> list[Asked]:
    return [Asked(**entry) for entry in json.loads((_HERE / "requests.json").read_text(encoding="utf-8"))]


def decisions() -> dict[tuple[str, str, str, str], str | None]:
    """By snapshot, on_stale, what is asked and host: the code of a refusal, or None."""
    lines = [line.split() for line in (_HERE / "decisions.txt").read_text(encoding="ascii").splitlines()]
    head, *rows = [words for words in lines if words and words[0] != "#"]
    if tuple(head[3:]) != HOSTS or {len(row) for row in rows} != {len(head)}:
        raise ValueError("decisions.txt is no table of the hosts")
    return {(row[0], row[1], row[2], host): None if word == "-" else word for row in rows for host, word in zip(HOSTS, row[3:])}
