"""Passwords: what is accepted as one (two named policies), and argon2id to keep and check it (RFC 9106)."""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import cache
from importlib.resources import files

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from infra.errors import AppError, ErrorKind
from trust.identity.credential import new_secret

MAX_LENGTH = 128
_KINDS = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"\d"), re.compile(r"[^a-zA-Z\d]"))
_TRIM = re.compile(r"^[\W\d_]+|[\W\d_]+$")


class Passwords:
    """Hashes and checks, at most ``at_once`` at a time: each takes 64 MiB, and a flood must not take the machine."""

    def __init__(self, policy: str = "graded", hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._policy = policy
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4, type=Type.ID)
        self._gate = threading.BoundedSemaphore(at_once)
        self._nobody = ""

    def hash(self, password: str) -> str:
        """The argon2id hash in its standard text form."""
        with self._gate:
            return self._hasher.hash(_normal(password))

    def check(self, kept: str | None, password: str) -> bool:
        """Is it the password behind ``kept``? Takes as long where there is no account (``kept`` None or empty)."""
        known = bool(kept)
        try:
            with self._gate:
                return self._hasher.verify(kept or self._decoy(), _normal(password)[: MAX_LENGTH + 1]) and known
        except (VerificationError, InvalidHashError):
            return False

    def outdated(self, kept: str) -> bool:
        """Was it hashed with weaker parameters than today's?"""
        return self._hasher.check_needs_rehash(kept)

    def demand_good(self, password: str, name: str) -> None:
        """``AppError(INVALID)`` saying what the password lacks under the policy of the site."""
        text = _normal(password)
        if problem := _problem(text, name, self._policy):
            raise AppError(ErrorKind.INVALID, f"trust.password.{problem}", place="password", longest=MAX_LENGTH)

    def _decoy(self) -> str:
        if not self._nobody:
            self._nobody = self._hasher.hash(new_secret())
        return self._nobody


def _normal(password: str) -> str:
    """NFKC, so that the same characters typed on another keyboard are the same password."""
    return unicodedata.normalize("NFKC", password)


def _problem(text: str, name: str, policy: str) -> str:
    if len(text) > MAX_LENGTH:
        return "too_long"
    if len(text) < (10 if policy == "graded" else 12):
        return "too_short_graded" if policy == "graded" else "too_short_asvs"
    if policy == "graded" and len(text) < 20 and sum(kind.search(text) is not None for kind in _KINDS) < 3:
        return "too_plain"
    if name and len(name) > 2 and name.casefold() in text.casefold():
        return "holds_name"
    return "too_common" if _common(text.casefold()) else ""


def _common(text: str) -> bool:
    """A word of the list with decoration, one character over and over, or a run along the alphabet or keyboard."""
    core = _TRIM.sub("", text)
    if text in common_words() or core in common_words() or len(set(text)) < 5:
        return True
    return any(text in run or text in run[::-1] for run in _RUNS)


_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "0123456789")
_RUNS = (*(row * 3 for row in _ROWS), "1qaz2wsx3edc4rfv5tgb6yhn7ujm", "qazwsxedcrfvtgbyhnujm")


@cache
def common_words() -> frozenset[str]:
    """Words that passwords are commonly made of; one a line in ``common_passwords.txt``."""
    text = files("trust.identity").joinpath("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line.strip().casefold() for line in text.splitlines() if line.strip() and not line.startswith("#"))
