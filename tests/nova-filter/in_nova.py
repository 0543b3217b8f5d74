"""Nova's own request specs and host states, and a filter with a snapshot in a folder of its own."""

from __future__ import annotations

import logging
import tempfile
import time
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import given

try:
    import nova.conf
    from nova import context, objects
    from nova.scheduler import filters, host_manager
except ImportError as e:  # pragma: no cover
    raise unittest.SkipTest(f"no Nova on this machine's Python: {e}") from e

from openstack_sev_filter import filter as sut
from openstack_sev_filter import options

MAX_AGE = 300

objects.register_all()


def node(name: str) -> str:
    """The same for a name each time."""
    return f"5f0f2ffb-9bfa-4b1c-8d06-{int.from_bytes(name.encode()[:6], 'big'):012x}"


def host(name: str, trust: str = "trusted", lasts: float = 100, proven: float = 100, **fields: Any) -> dict[str, Any]:
    """Of a snapshot that is written now."""
    now = time.time()
    return given.host(
        node=node(name), name=name, trust=trust, proven_at=given.time_of(now - proven), expires_at=given.time_of(now + lasts), **fields
    )


def state(name: str) -> Any:
    made = host_manager.HostState(name, name, "cell")
    made.uuid = node(name)
    return made


def spec(specs: dict[str, str], properties: dict[str, Any] | None = None, hints: dict[str, list[str]] | None = None) -> Any:
    return objects.RequestSpec(
        context.get_admin_context(),
        instance_uuid="aaaaaaaa-1111-4111-8111-111111111111",
        flavor=objects.Flavor(extra_specs=specs),
        image=objects.ImageMeta(properties=objects.ImageMetaProps(**(properties or {}))),
        scheduler_hints=hints or {},
    )


def through(judge: sut.SevTrustFilter, names: Iterable[str], asked: Any, before: Iterable[Any] = ()) -> list[str]:
    """Names of the hosts that pass, as Nova asks its filters."""
    found = filters.HostFilterHandler().get_filtered_objects([*before, judge], [state(name) for name in names], asked)
    return [passed.nodename for passed in found]


class Lines(logging.Handler):
    """What the filter logs meanwhile, at INFO and above."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def __enter__(self) -> Lines:
        logger = logging.getLogger(sut.__name__)
        self._level = logger.level
        logger.setLevel(logging.INFO)
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logger = logging.getLogger(sut.__name__)
        logger.removeHandler(self)
        logger.setLevel(self._level)

    def codes(self) -> dict[str, str]:
        """Of refused hosts, by name."""
        return {str(found["host"]): str(found["code"]) for record in self.records if isinstance(found := record.args, dict)}

    def of_state(self) -> list[str]:
        """What is said of the snapshot."""
        return [record.getMessage() for record in self.records if not isinstance(record.args, dict)]


class InNova(unittest.TestCase):
    """nova.conf with a snapshot, of which there is none yet."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.path, self.keys = self.folder / "snapshot", self.folder / "keys.json"
        self.keys.write_bytes(given.keys())
        options.register(nova.conf.CONF)
        self.option("snapshot_file", str(self.path))
        self.option("snapshot_keys", str(self.keys))
        self.option("max_age", MAX_AGE)

    def option(self, name: str, value: object) -> None:
        nova.conf.CONF.set_override(name, value, options.GROUP)
        self.addCleanup(nova.conf.CONF.clear_override, name, options.GROUP)

    def put(self, *hosts: dict[str, Any], age: float = 0, lasts: float = 600, **signing: Any) -> None:
        """As `osev snapshot-sync` does: a new file in its place."""
        content = given.payload(*hosts, issued=int(time.time() - age), lasts=lasts)
        new = self.folder / "new"
        new.write_bytes(given.signed(content, **signing))
        new.replace(self.path)
