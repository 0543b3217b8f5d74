"""SevTrustFilter, for nova-scheduler."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import nova.conf
from nova.scheduler import filters
from oslo_log import log as logging

from openstack_sev_filter import decision, options, request
from openstack_sev_filter.request import Request
from openstack_sev_filter.snapshot_file import SnapshotFile, State

LOG = logging.getLogger(__name__)


class SevTrustFilter(filters.BaseHostFilter):  # type: ignore[misc]  # Nova has no types
    """Confidential servers go to hosts that the control plane trusts; others are not looked at.

    No network, and no waiting for a file: see :mod:`openstack_sev_filter.snapshot_file`.
    """

    # A rebuild with another image asks again; one with the same image never reaches the scheduler.
    RUN_ON_REBUILD = True

    # The same for each server of a request. A host whose trust ends between two of them is met by the next request.
    run_filter_once_per_request = True

    def __init__(self) -> None:
        super().__init__()
        self._options = options.register(nova.conf.CONF)
        self._file = SnapshotFile(self._options.snapshot_file, self._options.snapshot_keys)
        self._told: str | None = None
        self._tell(self._file.first())

    def filter_all(self, filter_obj_list: Iterable[Any], spec_obj: Any) -> Iterator[Any]:
        """Nova's, with what is the same for all hosts done once."""
        asked = _asked(spec_obj)
        if not asked.is_confidential:
            yield from filter_obj_list
            return
        known = self._known()
        for host_state in filter_obj_list:
            if self._passes(host_state, asked, known, spec_obj):
                yield host_state

    def host_passes(self, host_state: Any, spec_obj: Any) -> bool:
        """Of one host."""
        asked = _asked(spec_obj)
        return not asked.is_confidential or self._passes(host_state, asked, self._known(), spec_obj)

    def _passes(self, host_state: Any, asked: Request, known: decision.Known, spec_obj: Any) -> bool:
        host = known.snapshot.find(host_state.uuid, host_state.nodename) if known.snapshot else None
        code = decision.refusal(asked, host, known)
        if code is None:
            return True
        LOG.info(
            "%(host)s (%(node)s) may not run %(instance)s: %(code)s %(reasons)s",
            {
                "host": host_state.nodename,
                "node": host_state.uuid,
                "instance": spec_obj.instance_uuid,
                "code": code,
                "reasons": " ".join(host.reasons) if host else "",
            },
        )
        return False

    def _known(self) -> decision.Known:
        state = self._file.state()
        known = decision.Known(state.snapshot, time.time(), self._options.max_age, self._options.on_stale)
        self._tell(state, known.counts)
        return known

    def _tell(self, state: State, counts: bool = True) -> None:
        """One line a change of state, and none while it lasts."""
        told = state.problem or (None if counts else "snapshot.stale: it is too old to count")
        # By its code: who may write the file, and writes other nonsense each second, must not fill the log.
        code = told and told.partition(":")[0]
        if code == self._told:
            return
        self._told = code
        if told is None:
            LOG.info("the snapshot of hosts counts again: %d hosts", len(state.snapshot.by_node) if state.snapshot else 0)
        else:
            last = "the last good one counts until its end" if state.snapshot else f"on_stale = {self._options.on_stale} decides"
            LOG.warning("the snapshot of hosts does not count: %s; %s", told, last)


def _asked(spec_obj: Any) -> Request:
    return request.read(_extra_specs(spec_obj), _image_properties(spec_obj))


def _extra_specs(spec_obj: Any) -> Mapping[str, object]:
    flavor = spec_obj.flavor
    return flavor.extra_specs if flavor is not None and "extra_specs" in flavor and flavor.extra_specs else {}


def _image_properties(spec_obj: Any) -> Mapping[str, object]:
    image = spec_obj.image
    if image is None or "properties" not in image or image.properties is None:
        return {}
    found = {name: getattr(image.properties, name) for name in ("hw_mem_encryption", "hw_mem_encryption_model") if name in image.properties}
    # Nova keeps an image's "trait:NAME=required" as a list of names.
    required = image.properties.traits_required if "traits_required" in image.properties else ()
    return found | {f"trait:{name}": "required" for name in required or ()}
