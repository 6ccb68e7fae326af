"""Name constraints of every form: may an authority speak for this name?

Source: RFC 5280 clauses 4.2.1.10 and 6.1.3 (b), (c); a name or constraint that cannot be compared is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trust.validation.budget import Budget
from trust.validation.certificate import Certificate
from trust.validation.codes import Code
from trust.validation.extension import SUBJECT_NAME, NameConstraints, Subtree
from trust.validation.general import (
    Form,
    GeneralName,
    dns_labels,
    looks_like_ip,
    mailbox,
    malformed,
    uri_host,
    wildcard_base,
)
from trust.validation.name import EMAIL

_COMPARABLE = (Form.EMAIL, Form.DNS, Form.DIRECTORY, Form.URI, Form.IP)


@dataclass(frozen=True, slots=True)
class NameFault:
    """The name that is not allowed, and why."""

    code: Code
    name: str


def names_of(certificate: Certificate) -> Iterator[GeneralName]:
    """Every name of a certificate that constraints speak about."""
    if not certificate.subject.empty:
        yield GeneralName(Form.DIRECTORY, certificate.subject.der, "", certificate.subject)
    alternative: tuple[GeneralName, ...] | None = certificate.get(SUBJECT_NAME)
    if alternative is not None:
        yield from alternative
        return
    for address in certificate.subject.values(EMAIL):
        yield GeneralName(Form.EMAIL, address.encode(), address)


def constraint_fault(constraints: NameConstraints) -> NameFault | None:
    """What is wrong with the constraints themselves, whatever names follow."""
    for subtree in (*(constraints.permitted or ()), *(constraints.excluded or ())):
        if not subtree.whole:
            return NameFault(Code.NAME_CONSTRAINT_UNSUPPORTED, str(subtree.base))
        if subtree.base.form in _COMPARABLE and not _sound(subtree.base):
            return NameFault(Code.NAME_CONSTRAINT_MALFORMED, str(subtree.base))
    return None


def _sound(base: GeneralName) -> bool:
    text = base.text
    match base.form:
        case Form.DNS:
            return text == "" or (dns_labels(text) is not None and not looks_like_ip(text))
        case Form.EMAIL:
            return (mailbox(text) if "@" in text else dns_labels(text.removeprefix("."))) is not None
        case Form.URI:
            return dns_labels(text.removeprefix(".")) is not None and not looks_like_ip(text)
        case Form.IP:
            return len(base.content) in (8, 32) and _prefix_mask(base.content)
    return True


def _prefix_mask(content: bytes) -> bool:
    half = len(content) // 2
    mask = int.from_bytes(content[half:], "big")
    inverted = mask ^ ((1 << half * 8) - 1)
    return inverted & (inverted + 1) == 0


def check_names(certificate: Certificate, constraints: NameConstraints, budget: Budget) -> NameFault | None:
    """The first name of ``certificate`` that ``constraints`` do not allow, or None."""
    permitted = _by_form(constraints.permitted)
    excluded = _by_form(constraints.excluded)
    for name in names_of(certificate):
        if name.form not in permitted and name.form not in excluded:
            continue
        if fault := _check_name(name, permitted.get(name.form), excluded.get(name.form, ()), budget):
            return fault
    return None


def _by_form(subtrees: tuple[Subtree, ...] | None) -> dict[Form, list[GeneralName]]:
    found: dict[Form, list[GeneralName]] = {}
    for subtree in subtrees or ():
        found.setdefault(subtree.base.form, []).append(subtree.base)
    return found


def _check_name(
    name: GeneralName, permitted: list[GeneralName] | None, excluded: list[GeneralName] | tuple[()], budget: Budget
) -> NameFault | None:
    if name.form not in _COMPARABLE:
        return NameFault(Code.NAME_CONSTRAINT_UNSUPPORTED, str(name))
    if malformed(name) or (name.form is Form.URI and uri_host(name.text) is None):
        return NameFault(Code.NAME_UNCOMPARABLE, str(name))
    budget.compare(len(permitted or ()) + len(excluded) + 1)
    if any(_inside(name, base, excluding=True) for base in excluded):
        return NameFault(Code.NAME_EXCLUDED, str(name))
    if permitted is not None and not any(_inside(name, base, excluding=False) for base in permitted):
        return NameFault(Code.NAME_NOT_PERMITTED, str(name))
    return None


def _inside(name: GeneralName, base: GeneralName, excluding: bool) -> bool:
    match name.form:
        case Form.DIRECTORY:
            assert name.directory is not None
            assert base.directory is not None
            return name.directory.within(base.directory)
        case Form.DNS:
            return _dns_inside(name.text.lower(), base.text.lower(), excluding)
        case Form.EMAIL:
            return _email_inside(name.text, base.text)
        case Form.URI:
            return _host_inside(uri_host(name.text) or "", base.text.lower())
    return _ip_inside(name.content, base.content)


def _dns_inside(name: str, base: str, excluding: bool) -> bool:
    """A wildcard is inside an excluded subtree when any host it stands for is, inside a permitted one when all are."""
    if not base:
        return True
    stem = name[2:] if wildcard_base(name) is not None else ""
    if stem:
        could = excluding and base.endswith("." + stem) and base.count(".") == stem.count(".") + 1
        return stem == base or stem.endswith("." + base) or could
    return name == base or name.endswith("." + base)


def _host_inside(host: str, base: str) -> bool:
    return host.endswith(base) if base.startswith(".") else host == base


def _email_inside(address: str, base: str) -> bool:
    local, _, host = address.rpartition("@")
    if "@" in base:
        base_local, _, base_host = base.rpartition("@")
        return local == base_local and host.lower() == base_host.lower()
    return _host_inside(host.lower(), base.lower())


def _ip_inside(address: bytes, base: bytes) -> bool:
    half = len(base) // 2
    if len(address) != half:
        return False
    mask = int.from_bytes(base[half:], "big")
    return int.from_bytes(address, "big") & mask == int.from_bytes(base[:half], "big") & mask
