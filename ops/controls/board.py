"""The board of one object: facts in, a verdict per unit and asset out, kept up to date fact by fact."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import msgspec

from ops.controls.catalogue import Catalogue, Extension, Item, Selection, Split
from ops.controls.facts import OBJECT, Fact
from ops.controls.needs import Held, Need, together
from ops.controls.rules import ON_OBJECT, Rule, Rules
from ops.controls.verdict import CREDIT, Judgement, Verdict, decide, floor, roll_up

OLDEST_DAYS = 30.0
"""A fact older than this counts as this old: one forgotten asset does not outweigh all others."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is evaluated: levels, extensions in use, and each asset's kind (``host``, ``firewall``, ``room`` ...)."""

    id: str
    name: str = ""
    unit: str = ""
    s: int
    a: int
    extensions: tuple[Extension, ...] = ()
    assets: dict[str, str] = {}
    key_industry: bool = False
    high_continuity: bool = False

    @property
    def selection(self) -> Selection:
        """The levels requirements are taken at."""
        return Selection(self.s, self.a)


class Cell(NamedTuple):
    """Automatic verdict of one unit on one asset, and its floor (what is missing counted as failed)."""

    verdict: Verdict
    floor: Verdict


class Shown(msgspec.Struct, frozen=True):
    """One need of a rule with the fact that decided it."""

    asset: str
    need: Need
    held: Held
    fact: Fact | None


class UnitState(msgspec.Struct, frozen=True):
    """A unit of the object: the verdict that counts, what telemetry alone says, and whether the two drift apart.

    ``prepared`` is what telemetry says about a partly automatic item; a person still has to attest the rest.
    """

    item: Item
    verdict: Verdict
    floor: Verdict
    automatic: Verdict | None
    prepared: Verdict | None
    judgement: Judgement | None
    drift: bool
    counts: dict[Verdict, int]


class Board:
    """Verdicts of one object. ``now`` decides which facts and judgements still stand."""

    def __init__(self, profile: Profile, catalogue: Catalogue, rules: Rules, now: datetime) -> None:
        self.profile = profile
        self.now = now
        self.items = catalogue.select(profile.selection, profile.extensions)
        self.packs = (catalogue.ref, rules.ref)
        self._rules = rules.for_items(self.items, catalogue)
        self._by_class: dict[str, list[str]] = {}
        for asset, kind in profile.assets.items():
            self._by_class.setdefault(kind, []).append(asset)
        self._by_class[ON_OBJECT] = [OBJECT]
        self._users = self._index()
        self._facts: dict[tuple[str, str], Fact] = {}
        self._cells: dict[str, dict[str, Cell]] = {}
        self._judgements: dict[tuple[str, str], Judgement] = {}

    def _index(self) -> dict[tuple[str, str], list[str]]:
        """Units that use a kind of fact on a kind of asset."""
        found: dict[tuple[str, str], list[str]] = {}
        for unit, rules in self._rules.items():
            for rule in rules:
                for need in rule.needs:
                    found.setdefault((rule.on, need.fact), []).append(unit)
        return found

    def load(self, facts: Iterable[Fact], judgements: Iterable[Judgement] = ()) -> None:
        """Take everything in and decide every unit on every asset anew."""
        self._facts = {}
        for found in facts:
            self._keep(found)
        self._judgements = {(j.unit, j.asset): j for j in judgements}
        self._cells = {unit: self._decide_unit(rules) for unit, rules in self._rules.items()}

    def change(self, found: Fact) -> set[str]:
        """Take one fact in and decide what uses it; returns the units whose verdict on that asset changed."""
        self._keep(found)
        kind = ON_OBJECT if found.asset == OBJECT else self.profile.assets.get(found.asset, "")
        changed = set()
        for unit in dict.fromkeys(self._users.get((kind, found.kind), ())):
            cell = self._decide([rule for rule in self._rules[unit] if rule.on == kind], found.asset)
            if self._cells[unit].get(found.asset) != cell:
                self._cells[unit][found.asset] = cell
                changed.add(unit)
        return changed

    def judge(self, judgement: Judgement) -> None:
        """Take a person's verdict in."""
        self._judgements[(judgement.unit, judgement.asset)] = judgement

    def judged(self, unit: str, asset: str) -> Judgement | None:
        """A person's verdict on a unit of an asset, if it still stands."""
        found = self._judgements.get((unit, asset))
        return found if found is not None and found.stands(self.now) else None

    def oldest(self, unit: str) -> datetime | None:
        """When the oldest fact that decides the unit was observed; None without one."""
        shown = (each for asset in self._cells.get(unit, {}) for each in self.evidence(unit, asset))
        moments = [each.fact.observed for each in shown if each.fact]
        return min(moments, default=None)

    def _keep(self, found: Fact) -> None:
        known = self._facts.get((found.asset, found.kind))
        if known is None or known.observed <= found.observed:
            self._facts[(found.asset, found.kind)] = found

    def _decide_unit(self, rules: tuple[Rule, ...]) -> dict[str, Cell]:
        per_class: dict[str, list[Rule]] = {}
        for rule in rules:
            per_class.setdefault(rule.on, []).append(rule)
        return {
            asset: self._decide(mine, asset) for on, mine in per_class.items() for asset in self._by_class.get(on, ())
        }

    def _decide(self, rules: list[Rule], asset: str) -> Cell:
        states = [self._held(need, asset) for rule in rules for need in rule.needs]
        parts = together(states)
        return Cell(decide(*parts), floor(*parts))

    def _held(self, need: Need, asset: str) -> Held:
        found = self.standing(asset, need.fact)
        return need.held(found)

    def standing(self, asset: str, kind: str) -> Fact | None:
        """The fact of a kind on an asset, if it still stands."""
        found = self._facts.get((asset, kind))
        return found if found is not None and found.stands(self.now) else None

    def evidence_age_days(self) -> float | None:
        """Mean age of the facts known, each at most ``OLDEST_DAYS``; None where none is known."""
        ages = [
            min((self.now - found.observed).total_seconds() / 86_400, OLDEST_DAYS) for found in self._facts.values()
        ]
        return max(0.0, sum(ages) / len(ages)) if ages else None

    def cell(self, unit: str, asset: str) -> Cell:
        """Automatic verdict on one asset; not applicable where no rule speaks for its kind."""
        return self._cells.get(unit, {}).get(asset, Cell(Verdict.NOT_APPLICABLE, Verdict.NOT_APPLICABLE))

    def assets(self, unit: str) -> dict[str, Cell]:
        """Verdicts of a unit by asset, people's verdicts on single assets included."""
        cells = dict(self._cells.get(unit, {}))
        for (name, asset), judgement in self._judgements.items():
            if name == unit and asset != OBJECT and judgement.stands(self.now):
                cells[asset] = Cell(judgement.verdict, judgement.verdict)
        return cells

    def evidence(self, unit: str, asset: str) -> list[Shown]:
        """The needs of a unit on an asset with the facts that decided them."""
        kind = ON_OBJECT if asset == OBJECT else self.profile.assets.get(asset, "")
        needs = [need for rule in self._rules.get(unit, ()) if rule.on == kind for need in rule.needs]
        return [Shown(asset, need, self._held(need, asset), self.standing(asset, need.fact)) for need in needs]

    def units(self) -> Iterator[UnitState]:
        """Every unit of the object in the order of the catalogue."""
        return (self.unit(item) for item in self.items)

    def unit(self, item: Item) -> UnitState:
        """The state of one unit: a person's verdict counts while it stands, telemetry beside it shows drift."""
        cells = self.assets(item.unit)
        counts = Counter(cell.verdict for cell in cells.values())
        automatic = roll_up(counts) if cells else None
        lowest = roll_up(Counter(cell.floor for cell in cells.values())) if cells else Verdict.NON_COMPLIANT
        judgement = self._judgements.get((item.unit, OBJECT))
        if judgement is not None and not judgement.stands(self.now):
            judgement = None
        alone = decides_alone(item)
        verdict = judgement.verdict if judgement else automatic if alone and automatic else Verdict.NOT_OBTAINED
        if judgement:
            lowest = judgement.verdict
        elif not alone:
            lowest = Verdict.NON_COMPLIANT
        prepared = None if alone else automatic
        return UnitState(
            item, verdict, lowest, automatic, prepared, judgement, _drifts(judgement, automatic), dict(counts)
        )

    def credit(self) -> tuple[float, float]:
        """Points reached and reachable over applicable units, counted from the floor."""
        floors = [state.floor for state in self.units() if state.verdict is not Verdict.NOT_APPLICABLE]
        return sum(CREDIT.get(each, 0.0) for each in floors), float(len(floors))


def decides_alone(item: Item) -> bool:
    """Whether facts decide the item without a person: measured ones, or records the platform keeps."""
    return item.split in (None, Split.AUTOMATIC, Split.WORKFLOW)


_RANK = {Verdict.COMPLIANT: 2, Verdict.PARTIAL: 1, Verdict.NON_COMPLIANT: 0}


def _drifts(judgement: Judgement | None, automatic: Verdict | None) -> bool:
    """A person's verdict drifts when telemetry sees something worse."""
    if judgement is None or automatic not in _RANK or judgement.verdict not in _RANK:
        return False
    return _RANK[automatic] < _RANK[judgement.verdict]
