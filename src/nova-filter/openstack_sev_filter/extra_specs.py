"""Extra specs ``sev:*``, so that nova-api refuses a wrong word when a flavor is made (microversion 2.86 and later)."""

from __future__ import annotations

from typing import Any

from nova.api.validation.extra_specs import base

EXTRA_SPEC_VALIDATORS = [
    base.ExtraSpecValidator(
        name="sev:trust",
        description="Servers of this flavor run on hosts only that are trusted when they are scheduled.",
        value={"type": str, "description": "required", "enum": ["required"]},
    ),
    base.ExtraSpecValidator(
        name="sev:max_proof_age",
        description="The same, and the host was proven within so many seconds.",
        value={"type": int, "description": "Seconds.", "min": 60, "max": 31536000},
    ),
    base.ExtraSpecValidator(
        name="sev:tcb",
        description="The same, and the host's firmware meets these security bulletins, e.g. SB_3019; several are separated by commas.",
        value={"type": str, "description": "Bulletins.", "pattern": r"[A-Z0-9_]{1,64}(?:,[A-Z0-9_]{1,64}){0,15}"},
    ),
]


def register() -> list[Any]:
    """What Nova calls."""
    return EXTRA_SPEC_VALIDATORS
