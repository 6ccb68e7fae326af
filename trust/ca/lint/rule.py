"""What a lint rule is, and running all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from trust.ca.profile import IssuanceProfile
from trust.validation.certificate import Certificate

Test = Callable[["Subject"], str | bool | None]


class Level(StrEnum):
    """An error stops issuance; a warning is shown."""

    ERROR = "error"
    WARNING = "warning"


class Group(StrEnum):
    """Which certificates a rule is about."""

    ALL = "all"
    AUTHORITY = "authority"
    LEAF = "leaf"
    GM = "gm"
    WEB = "web"


@dataclass(frozen=True, slots=True)
class Subject:
    """What is linted: the certificate, the profile it was made by (None when inspecting), its issuer if known."""

    certificate: Certificate
    profile: IssuanceProfile | None = None
    issuer: Certificate | None = None

    def belongs(self, group: Group) -> bool:
        """Is a rule of ``group`` about this certificate?"""
        key = self.certificate.key
        match group:
            case Group.AUTHORITY:
                return self.certificate.is_ca
            case Group.LEAF:
                return not self.certificate.is_ca
            case Group.GM:
                return key is not None and key.kind == "sm2"
            case Group.WEB:
                return "1.3.6.1.5.5.7.3.1" in (self.certificate.get("2.5.29.37") or ())
        return True


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. ``test`` gives a detail, or True, where the rule is broken; None, False or empty where it is kept."""

    id: str
    clause: str
    level: Level
    group: Group
    test: Test


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken rule."""

    rule: str
    clause: str
    level: Level
    detail: str


@cache
def rules() -> list[Rule]:
    """Every rule."""
    from trust.ca.lint import encoding, extensions, keys, subjects

    return [*encoding.RULES, *extensions.RULES, *keys.RULES, *subjects.RULES]


@cache
def _about(groups: frozenset[Group]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules() if rule.group in groups)


def lint(subject: Subject) -> list[Finding]:
    """All findings about a certificate, errors first."""
    found = []
    for rule in _about(frozenset(group for group in Group if subject.belongs(group))):
        if broken := rule.test(subject):
            detail = broken if isinstance(broken, str) else ""
            found.append(Finding(rule.id, rule.clause, rule.level, detail))
    return sorted(found, key=lambda finding: finding.level is not Level.ERROR)


def table(*rows: tuple[str, str, Level, Group, Test]) -> list[Rule]:
    """Rules from rows of id, clause, level, group and test."""
    return [Rule(*row) for row in rows]
