"""Random secrets that are shown once and kept as hashes."""

from __future__ import annotations

import hashlib
import re
import secrets

_FORM = re.compile(r"[A-Za-z0-9_-]{8,200}")


def new_secret(prefix: str = "") -> str:
    """256 random bits as text; ``prefix`` says what it is, so that scanners for leaked secrets can find it."""
    return prefix + secrets.token_urlsafe(32)


def fingerprint(secret: str) -> bytes:
    """The hash a secret is kept and looked up by. One round is enough: the secret holds 256 random bits."""
    return hashlib.sha256(secret.encode()).digest()


def well_formed(secret: str) -> bool:
    """Could it be one of ours? Spares the database what cannot be."""
    return _FORM.fullmatch(secret) is not None
