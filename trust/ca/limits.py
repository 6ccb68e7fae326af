"""Name constraints of an authority's certificate, from scopes as text (``dns:example.cn``, ``dn:O=..., C=CN``)."""

from __future__ import annotations

from trust.ca.template import NO_LIMITS, Limits
from trust.crypto.der import tlv
from trust.trustlist.scope import read_scope
from trust.validation.extension import Subtree
from trust.validation.general import Form

_TAGS = {Form.EMAIL: 0x81, Form.DNS: 0x82, Form.DIRECTORY: 0xA4, Form.URI: 0x86, Form.IP: 0x87}


def name_limits(permitted: tuple[str, ...], excluded: tuple[str, ...]) -> Limits:
    """The limits (RFC 5280 clause 4.2.1.10); ``AppError(INVALID)`` names a malformed scope."""
    parts = ((0xA0, permitted), (0xA1, excluded))
    body = b"".join(tlv(tag, b"".join(_subtree(read_scope(text)) for text in texts)) for tag, texts in parts if texts)
    return Limits(name_constraints=tlv(0x30, body)) if body else NO_LIMITS


def _subtree(subtree: Subtree) -> bytes:
    base = subtree.base
    return tlv(0x30, tlv(_TAGS[base.form], base.content))
