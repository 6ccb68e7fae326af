"""Identities of things: EPC URNs (GS1 EPC Tag Data Standard, section 6) and GS1 Digital Links (GTIN, lot, serial)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SGTIN = re.compile(r"^urn:epc:(?:id|idpat):sgtin:(\d+)\.(\d+)\.(.+)$")
_LGTIN = re.compile(r"^urn:epc:class:lgtin:(\d+)\.(\d+)\.(.+)$")
_LINK = re.compile(r"^https?://[^/]+(?:/[^/]+)*?/01/(\d{8,14})(?:/22/[^/?]+)?(?:/10/([^/?]+))?(?:/21/([^/?]+))?")


@dataclass(frozen=True, slots=True)
class Epc:
    """A thing: its code as we keep it, the GTIN of its product and its lot ('' where it does not say)."""

    code: str
    product: str
    lot: str


def read_epc(text: str) -> Epc:
    """What ``text`` identifies. An SGTIN or a Digital Link with a serial number becomes a GS1 element string, so that
    both spellings of one thing are one code; everything else stays as it is."""
    if found := _SGTIN.match(text):
        gtin = gtin14(found[1], found[2])
        return Epc(_element(gtin, found[3]) if found[3] != "*" else text[:100], gtin, "")
    if found := _LGTIN.match(text):
        return Epc(text[:100], gtin14(found[1], found[2]), found[3][:160])
    if found := _LINK.match(text):
        gtin = found[1].rjust(14, "0")
        return Epc(_element(gtin, found[3]) if found[3] else text[:100], gtin, (found[2] or "")[:160])
    return Epc(text[:100] or "unknown", "", "")


def gtin14(company: str, item: str) -> str:
    """GTIN-14 of a company prefix and an item reference whose first digit is the indicator."""
    body = (item[:1] + company + item[1:]).rjust(13, "0")
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)


def _element(gtin: str, serial: str) -> str:
    return f"(01){gtin}(21){serial}"[:100]


def last_part(text: str) -> str:
    """The local name of a URI, URN or compact IRI."""
    return re.split(r"[:/#]", text)[-1] if text else ""
