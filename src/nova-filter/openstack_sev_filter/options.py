"""Section ``[openstack_sev]`` of the scheduler's nova.conf."""

from __future__ import annotations

from typing import Any

from oslo_config import cfg

GROUP = "openstack_sev"

OPTIONS = [
    cfg.StrOpt(
        "snapshot_file",
        default="/var/lib/openstack-sev/scheduling/snapshot",
        help="What the control plane says of the hosts, signed by it. Read at most once a second.",
    ),
    cfg.StrOpt(
        "snapshot_keys",
        default="/etc/openstack-sev/snapshot-keys.json",
        help="JWK Set of the keys that snapshots are signed with. Whoever can write it decides which hosts are trusted.",
    ),
    cfg.IntOpt(
        "max_age",
        default=300,
        min=10,
        help="Seconds after which a snapshot says nothing any more, although its own end has not come.",
    ),
    cfg.StrOpt(
        "on_stale",
        default="auto",
        choices=[
            ("auto", "reject where the flavor says sev:trust=required, allow other confidential servers, with a warning"),
            ("reject", "reject every confidential server"),
            ("allow", "allow every confidential server, with a warning: nothing is claimed of its host then"),
        ],
        help="What happens to confidential servers while there is no snapshot that counts. Hosts that were quarantined last stay so.",
    ),
]


def register(conf: Any) -> Any:
    """Registers the options and gives their section."""
    conf.register_opts(OPTIONS, group=GROUP)
    return conf[GROUP]


def list_opts() -> list[tuple[str, list[Any]]]:
    """For oslo-config-generator."""
    return [(GROUP, OPTIONS)]
