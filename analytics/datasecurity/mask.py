"""How sensitive values look when shown: enough to recognise a known one, too little to learn an unknown one."""

from __future__ import annotations

import re

from analytics.datasecurity.kinds import Kind, find

_KEPT = {
    Kind.IDENTITY: (4, 2),
    Kind.CREDIT_CODE: (4, 4),
    Kind.BANK_CARD: (4, 4),
    Kind.PHONE: (3, 4),
    Kind.TRACE_CODE: (7, 4),
    Kind.LICENCE: (15, 2),
}
_STREET = re.compile(r".*?(?:区|县|旗|市|州|盟)")


def mask(kind: Kind, text: str) -> str:
    """``text``, known to be of ``kind``, with stars."""
    if kind is Kind.EMAIL:
        return text[0] + "***" + text[text.rindex("@") :]
    if kind is Kind.NAME:
        return text[0] + "*" * (len(text) - 1)
    if kind is Kind.ADDRESS:
        shown = _STREET.match(text)
        return (shown[0] if shown else "") + "***"
    first, last = _KEPT[kind]
    return text[:first] + "*" * max(3, len(text) - first - last) + text[-last:]


def mask_text(text: str) -> str:
    """``text`` with every proven sensitive value masked, everything else as it was."""
    pieces, done = [], 0
    for one in find(text):
        if one.start >= done:
            pieces += [text[done : one.start], mask(one.kind, text[one.start : one.end])]
            done = one.end
    return "".join([*pieces, text[done:]])
