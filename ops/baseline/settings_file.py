"""Plain settings files: ``KEY value``, ``key = value`` and INI sections, each value with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ops.baseline.outcome import Proof, proof


@dataclass(frozen=True, slots=True)
class Setting:
    """A value and where it stands."""

    key: str
    value: str
    source: str
    line: int

    @property
    def proof(self) -> Proof:
        """The line as evidence."""
        return proof(self.source, f"{self.key} {self.value}".strip(), self.line)

    @property
    def number(self) -> int | None:
        """The value as a whole number, None where it is none."""
        return int(self.value) if re.fullmatch(r"[+-]?\d{1,12}", self.value) else None


def words(text: str, source: str) -> list[Setting]:
    """Lines ``KEY value`` (login.defs, auditd.conf without ``=`` too); comments dropped."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare and not bare.startswith("#"):
            key, _, value = bare.replace("\t", " ").partition(" ")
            found.append(Setting(key, value.split(" #")[0].strip().strip('"'), source, number))
    return found


def assignments(text: str, source: str) -> list[Setting]:
    """Lines ``key = value``, and bare ``key`` as a switch with an empty value; ``#`` and ``;`` begin comments."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.split("#", 1)[0].strip()
        if bare and not bare.startswith(";"):
            key, _, value = bare.partition("=")
            found.append(Setting(key.strip(), value.strip().strip("\"'"), source, number))
    return found


def section(text: str, source: str, name: str) -> list[Setting]:
    """The assignments of one ``[section]`` of an INI file."""
    inside, found = False, []
    for setting in assignments(text, source):
        if setting.key.startswith("["):
            inside = setting.key.strip("[]").lower() == name.lower()
        elif inside:
            found.append(setting)
    return found


def last(settings: Iterable[Setting], key: str, *, fold: bool = False) -> Setting | None:
    """The last setting of ``key``, the one that counts in files where later lines win."""
    wanted = key.lower() if fold else key
    return next((s for s in reversed(list(settings)) if (s.key.lower() if fold else s.key) == wanted), None)


def first(settings: Iterable[Setting], key: str) -> Setting | None:
    """The first setting of ``key`` without regard to case, the one that counts where first lines win."""
    return next((s for s in settings if s.key.lower() == key.lower()), None)
