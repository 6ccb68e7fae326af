"""Name scopes of a list entry, written as text, judged like name constraints."""

from __future__ import annotations

import ipaddress

from infra.errors import AppError, ErrorKind
from trust.ca.names import subject_der
from trust.validation.extension import NameConstraints, Subtree
from trust.validation.general import Form, GeneralName
from trust.validation.name import read_name
from trust.validation.subtree import constraint_fault

_FORMS = {"dns": Form.DNS, "mail": Form.EMAIL, "uri": Form.URI}


def read_scope(text: str) -> Subtree:
    """One scope such as ``dns:example.cn``; ``AppError(INVALID)`` where malformed."""
    kind, colon, value = text.partition(":")
    try:
        base = _base(kind, value) if colon else None
    except (ValueError, AppError):
        base = None
    if base is None or constraint_fault(NameConstraints((Subtree(base, whole=True),), None)):
        raise AppError(ErrorKind.INVALID, "trust.trustlist.bad_scope", scope=text[:80])
    return Subtree(base, whole=True)


def _base(kind: str, value: str) -> GeneralName | None:
    if kind in _FORMS:
        return GeneralName(_FORMS[kind], value.encode("ascii"), value)
    if kind == "ip":
        network = ipaddress.ip_network(value)
        return GeneralName(Form.IP, network.network_address.packed + network.netmask.packed)
    if kind == "dn":
        name = read_name(subject_der(value))
        return GeneralName(Form.DIRECTORY, name.der, "", name)
    return None


def constraints(permitted: tuple[str, ...], excluded: tuple[str, ...]) -> NameConstraints | None:
    """The scopes of an entry as name constraints, None where it has none."""
    if not permitted and not excluded:
        return None
    return NameConstraints(
        tuple(read_scope(text) for text in permitted) or None, tuple(read_scope(text) for text in excluded) or None
    )
