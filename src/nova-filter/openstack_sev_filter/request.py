"""What a request asks for. Pure: takes the mappings that Nova's objects hold, and never raises."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: Whoever writes one of these means a host that is trusted, also where the rest of the name is misspelt.
_OURS = "sev:"

_ENCRYPTION_SPECS = ("hw:mem_encryption", "hw:mem_encryption_model")
_ENCRYPTION_PROPERTIES = ("hw_mem_encryption", "hw_mem_encryption_model")
_OUR_CLASSES = re.compile(r"resources\d*(?:_[^:]*)?:CUSTOM_SEV(?:_ES|_SNP)?_ASID")
_OUR_TRAITS = re.compile(r"trait[^:]*:(?:CUSTOM_SEV(?:_.*)?|HW_CPU_X86_AMD_SEV(?:_ES|_SNP)?)")
_OUR_JUDGEMENTS = re.compile(r"trait[^:]*:CUSTOM_SEV_(?:TRUSTED|TCB_(?P<baseline>.+))")
_SECONDS = re.compile(r"[0-9]{1,9}")

#: As oslo's ``bool_from_string`` reads them: only a plain no is a no, since a wrong word must not take a server out of our sight.
_NO = frozenset({"", "0", "f", "false", "off", "n", "no"})


@dataclass(frozen=True)
class Request:
    """What matters here of a request for a server."""

    #: It asks for memory encryption, in one of the ways that there are.
    is_confidential: bool

    #: The flavor says ``sev:trust=required``, or anything else of ``sev:``, or flavor or image require a judgement trait.
    requires_trust: bool

    #: ``sev:max_proof_age`` in seconds; None without one.
    max_proof_age: int | None = None

    #: ``sev:tcb``, or traits ``CUSTOM_SEV_TCB_*``: bulletins that the host's firmware must meet.
    baselines: frozenset[str] = frozenset()


def read(extra_specs: Mapping[str, object], image_properties: Mapping[str, object]) -> Request:
    """The request of a flavor and an image, whose required traits are among its properties as in Glance, ``trait:NAME``.

    A value that cannot be meant asks for more, never for less: ``sev:trust`` with another word than ``required`` requires trust, as
    any other ``sev:`` does, and an age that is no number is no age at all, which no proof meets.
    """
    age = extra_specs.get("sev:max_proof_age")
    tcb = extra_specs.get("sev:tcb")
    traits = _judgements(extra_specs) | _judgements(image_properties)
    requires = bool(traits) or any(name.startswith(_OURS) for name in extra_specs)
    return Request(
        is_confidential=requires
        or _asks(extra_specs, _ENCRYPTION_SPECS)
        or _asks(image_properties, _ENCRYPTION_PROPERTIES)
        or _names_ours(extra_specs)
        or _names_ours(_traits(image_properties)),
        requires_trust=requires,
        max_proof_age=None if age is None else _seconds(age),
        baselines=frozenset(word for word in re.split(r"[,\s]+", str(tcb or "")) if word) | {word for word in traits if word},
    )


def _traits(image_properties: Mapping[str, object]) -> Mapping[str, object]:
    """Of an image Placement is asked for traits and for no classes."""
    return {name: value for name, value in image_properties.items() if name.startswith("trait")}


def _judgements(wishes: Mapping[str, object]) -> frozenset[str]:
    """Judgement traits that are required: a baseline's name, or nothing for ``CUSTOM_SEV_TRUSTED``.

    Anybody with Placement's credentials can write them on a host: who asks for one is not to be content with that.
    """
    found = (_OUR_JUDGEMENTS.fullmatch(name) for name, value in wishes.items() if str(value).strip().lower() == "required")
    return frozenset(match["baseline"] or "" for match in found if match)


def _asks(values: Mapping[str, object], names: Iterable[str]) -> bool:
    return any(name in values and str(values[name]).strip().lower() not in _NO for name in names)


def _names_ours(extra_specs: Mapping[str, object]) -> bool:
    for name, value in extra_specs.items():
        if _OUR_CLASSES.fullmatch(name):
            return True
        if _OUR_TRAITS.fullmatch(name) and str(value).strip().lower() == "required":
            return True
    return False


def _seconds(value: object) -> int:
    text = str(value).strip()
    return int(text) if _SECONDS.fullmatch(text) else -1
