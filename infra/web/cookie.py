"""The session cookie: its names, how it is set, and how it is read from hostile headers."""

from __future__ import annotations

import re

SECURE_NAME = "__Host-yaodun"
"""Over HTTPS: the prefix makes browsers refuse it from sub-domains, other paths and plain HTTP."""
PLAIN_NAME = "yaodun"
"""Over plain HTTP, which is loopback only; browsers refuse the prefix there."""

_VALUE = re.compile(r"[A-Za-z0-9_-]{20,200}")


def cookie_name(*, secure: bool) -> str:
    """The name in use."""
    return SECURE_NAME if secure else PLAIN_NAME


def set_cookie(secret: str, *, secure: bool, max_age_s: int) -> str:
    """The ``Set-Cookie`` value that starts a session."""
    guard = "; Secure" if secure else ""
    return f"{cookie_name(secure=secure)}={secret}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{guard}"


def clear_cookie(*, secure: bool) -> str:
    """The ``Set-Cookie`` value that ends it."""
    return set_cookie("", secure=secure, max_age_s=0)


def read_cookie(header: str, *, secure: bool) -> str:
    """The session secret of a ``Cookie`` header; '' where there is none, it is malformed, or there are two: one of them
    was planted by somebody else, and nobody can say which."""
    name = cookie_name(secure=secure)
    found = [value for key, _, value in (part.strip().partition("=") for part in header.split(";")) if key == name]
    return found[0] if len(found) == 1 and _VALUE.fullmatch(found[0]) else ""
