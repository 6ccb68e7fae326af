"""Is the certificate for this name and this use?

Sources: RFC 6125 and RFC 9525 (host names), RFC 5280 clause 4.2.1.12 (extended key usage).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from trust.validation import extension as ext
from trust.validation.certificate import Certificate
from trust.validation.codes import Code
from trust.validation.general import Form, GeneralName, dns_labels, mailbox, wildcard_base
from trust.validation.name import EMAIL
from trust.validation.verdict import Reason

USAGES = {
    "server": "1.3.6.1.5.5.7.3.1",
    "serverauth": "1.3.6.1.5.5.7.3.1",
    "client": "1.3.6.1.5.5.7.3.2",
    "clientauth": "1.3.6.1.5.5.7.3.2",
    "code": "1.3.6.1.5.5.7.3.3",
    "codesigning": "1.3.6.1.5.5.7.3.3",
    "email": "1.3.6.1.5.5.7.3.4",
    "emailprotection": "1.3.6.1.5.5.7.3.4",
    "timestamp": "1.3.6.1.5.5.7.3.8",
    "timestamping": "1.3.6.1.5.5.7.3.8",
    "ocsp": "1.3.6.1.5.5.7.3.9",
    "ocspsigning": "1.3.6.1.5.5.7.3.9",
    "any": ext.ANY_USAGE,
    "anyextendedkeyusage": ext.ANY_USAGE,
}
"""Names people write for purposes (case, dashes and underscores do not matter) and their object identifiers."""


def usage_oid(text: str) -> str:
    """The object identifier of a purpose given by name or as dotted numbers."""
    return USAGES.get(text.lower().replace("_", "").replace("-", ""), text)


def purpose_faults(chain: list[Certificate], name: str | None, usage: str | None) -> Iterator[Reason]:
    """Why ``chain`` (object's certificate first, anchor last) does not serve ``name`` and ``usage``."""
    leaf = chain[0]
    if name and not names_match(leaf, name):
        yield Reason(Code.NAME_MISMATCH, leaf.label, name)
    if not usage:
        return
    wanted = usage_oid(usage)
    for certificate in chain[: max(1, len(chain) - 1)]:
        usages: frozenset[str] | None = certificate.get(ext.EXTENDED_USAGE)
        if usages is not None and wanted not in usages and ext.ANY_USAGE not in usages:
            yield Reason(Code.USAGE_NOT_ALLOWED, certificate.label, usage)


def names_match(certificate: Certificate, name: str) -> bool:
    """Does the certificate name this host, address or mailbox? Common names do not count."""
    names: tuple[GeneralName, ...] = certificate.get(ext.SUBJECT_NAME) or ()
    if "@" in name:
        return _mail(certificate, names, name)
    try:
        address = ipaddress.ip_address(name.strip("[]")).packed
    except ValueError:
        labels = dns_labels(_ascii(name).removesuffix("."))
        return labels is not None and any(_host(item, labels) for item in names)
    return any(item.form is Form.IP and item.content == address for item in names)


def _ascii(name: str) -> str:
    try:
        return name.encode("idna").decode() if not name.isascii() else name
    except UnicodeError:
        return name


def _host(item: GeneralName, labels: list[str]) -> bool:
    if item.form is not Form.DNS:
        return False
    base = wildcard_base(item.text)
    if base is not None:
        return len(base) > 1 and labels[1:] == base
    return dns_labels(item.text) == labels


def _mail(certificate: Certificate, names: tuple[GeneralName, ...], name: str) -> bool:
    wanted = mailbox(name)
    written = [item.text for item in names if item.form is Form.EMAIL]
    if ext.SUBJECT_NAME not in certificate.extensions:
        written = certificate.subject.values(EMAIL)
    return wanted is not None and any(mailbox(text) == wanted for text in written)
