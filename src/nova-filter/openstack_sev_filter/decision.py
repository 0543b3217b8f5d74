"""Whether a host may run what a request asks for. Pure: the whole decision table is here."""

from __future__ import annotations

from dataclasses import dataclass

from openstack_sev_filter.request import Request
from openstack_sev_filter.snapshot import QUARANTINED, TRUSTED, UNTRUSTED, Host, Snapshot

#: Values of ``[openstack_sev] on_stale``.
AUTO, REJECT, ALLOW = "auto", "reject", "allow"


@dataclass(frozen=True)
class Known:
    """What is known when a request is judged."""

    #: The last good one, however old; None when there never was one.
    snapshot: Snapshot | None

    #: Seconds since the epoch.
    now: float
    max_age: float
    on_stale: str

    @property
    def counts(self) -> bool:
        """The snapshot is fresh enough to say yes."""
        # One from the future would count for ever after a clock was wrong once: it counts for max_age around its time.
        return self.snapshot is not None and self.now < self.snapshot.expires_at and abs(self.now - self.snapshot.issued_at) < self.max_age


def refusal(request: Request, host: Host | None, known: Known) -> str | None:
    """The reason code why a host may not run it; None when it may.

    :param host: from ``known.snapshot``; None for one that it does not name.
    """
    if not request.is_confidential:
        return None
    # Also by a snapshot that is too old to say yes: nobody has taken the quarantine back.
    if host is not None and host.trust == QUARANTINED:
        return "host.quarantined"
    if not known.counts:
        allowed = known.on_stale == ALLOW or (known.on_stale == AUTO and not request.requires_trust)
        return None if allowed else ("snapshot.stale" if known.snapshot else "snapshot.missing")
    if host is not None and host.trust == UNTRUSTED:
        return "host.untrusted"
    return _lacks(request, host, known.now) if request.requires_trust else None


def _lacks(request: Request, host: Host | None, now: float) -> str | None:
    """Where trust is required: what the host lacks."""
    if host is None or host.trust != TRUSTED:
        return "host.unknown"
    if now >= host.expires_at:
        return "host.proof_expired"
    age = request.max_proof_age
    # Below zero is no age: not met by the proof of a clock that is a little ahead either.
    if age is not None and (age < 0 or now - host.proven_at > age):
        return "host.proof_too_old"
    if not request.baselines <= host.baselines:
        return "host.tcb"
    return None
