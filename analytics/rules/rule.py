"""What a compiled rule set holds: rules, unique atoms, variants per log source, correlations and failures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from infra.exchange import Dimension, Level
from infra.text import say

Expression = Any
"""``True``/``False``, an atom number, ``["and", ...]``, ``["or", ...]`` or ``["not", x]``; JSON as it stands."""

KEYWORD = ""
"""The field of an atom that looks at the whole event."""


class Atom(msgspec.Struct, frozen=True, array_like=True):
    """One test of one field. ``field`` is a location (alternatives joined by `` | ``) or ``KEYWORD``."""

    field: str
    op: str
    value: str
    cased: bool = False


class LogSource(msgspec.Struct, frozen=True):
    """Where a rule says its events come from; '' where it does not say."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        return "/".join(part or "*" for part in (self.product, self.category, self.service))


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """What people need to know of a rule. ``path`` is where it was read; ``entity`` is the field of the entity the
    rule is about ('' lets the log source decide); ``hidden`` rules feed correlations and raise no signal, ``canary``
    ones are on trial and raise none either, ``off`` ones match nothing."""

    id: str
    name: str = ""
    title: str
    level: Level
    author: str = ""
    status: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    falsepositives: tuple[str, ...] = ()
    logsource: LogSource = LogSource()
    path: str = ""
    entity: str = ""
    dimension: Dimension | None = None
    fields: tuple[str, ...] = ()
    hidden: bool = False
    canary: bool = False
    off: bool = False


class Variant(msgspec.Struct, frozen=True):
    """A rule as it reads on one log source: ``where`` lists, per routing field, the atoms of which one must hold;
    ``atoms`` are the leaves of ``when``; ``names`` says where the rule's fields lie."""

    rule: int
    where: tuple[tuple[str, tuple[int, ...]], ...]
    when: Expression
    atoms: tuple[int, ...]
    names: dict[str, str]


class Bound(msgspec.Struct, frozen=True):
    """A bound of a correlation: ``op`` is gt gte lt lte eq neq."""

    op: str
    value: float


class Correlation(msgspec.Struct, frozen=True, kw_only=True):
    """A rule over the hits of other rules, numbered as in the rule set; a referenced rule always comes before.

    ``aliases`` gives, per alias and referenced rule, the field the alias stands for; ``expression`` is the condition
    of the extended forms, with rule numbers as leaves; ``fields`` are what value_* kinds count.
    """

    rule: int
    kind: str
    rules: tuple[int, ...]
    group_by: tuple[str, ...] = ()
    aliases: dict[str, dict[int, str]] = {}
    timespan_s: float
    bounds: tuple[Bound, ...] = ()
    fields: tuple[str, ...] = ()
    percentile: float = 0.0
    expression: Expression = True
    generate: bool = False


class Failure(msgspec.Struct, frozen=True):
    """A rule that cannot work: ``place`` is path:line:col; ``key`` names problem and remedy in the catalogue."""

    place: str
    key: str
    detail: dict[str, str] = {}
    rule_id: str = ""

    @property
    def problem(self) -> str:
        """What is wrong, in the language of the context."""
        return say(f"analytics.rules.{self.key}", **self.detail)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return say(f"analytics.rules.{self.key}_remedy", **self.detail)

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}; {self.remedy}"


class RuleSet(msgspec.Struct, kw_only=True):
    """Everything an engine needs, as plain data. ``digest`` names the content it was made from."""

    digest: str = ""
    rules: Sequence[Rule] = ()
    atoms: Sequence[Atom] = ()
    variants: Sequence[Variant] = ()
    correlations: Sequence[Correlation] = ()
    failures: Sequence[Failure] = ()

    def find(self, name: str) -> int | None:
        """The number of the rule with this id, name or title."""
        for number, rule in enumerate(self.rules):
            if name in (rule.id, rule.name, rule.title):
                return number
        return None
