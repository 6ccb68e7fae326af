"""Time-based one-time passwords (RFC 6238), each code used once."""

from __future__ import annotations

import hmac
import re
from datetime import datetime

import pyotp

STEP_S = 30
_FORM = re.compile(r"[0-9]{6}")


def new_seed() -> str:
    """A fresh 160-bit seed in base 32."""
    return pyotp.random_base32(32)


def enrolment_uri(seed: str, name: str) -> str:
    """What a phone scans."""
    return pyotp.TOTP(seed).provisioning_uri(name=name, issuer_name="Yaodun 药盾")


def used_step(seed: str, code: str, now: datetime, after: int, back: int) -> int | None:
    """The time step whose code this is, if it is later than ``after`` (the last one used) and at most ``back`` steps
    old; None otherwise. The caller keeps the answer as the new ``after``."""
    text = code.replace(" ", "")
    if _FORM.fullmatch(text) is None:
        return None
    current, found = int(now.timestamp()) // STEP_S, None
    totp = pyotp.TOTP(seed)
    for step in range(current - back, current + 1):
        if hmac.compare_digest(totp.generate_otp(step), text) and step > after:
            found = step
    return found
