"""From a match to a signal: which rule, on what, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from analytics.rules.atoms import MISSING, Op, elements, holds, reference_holds, show, test, text
from analytics.rules.canary import Tried
from analytics.rules.correlation import Fired
from analytics.rules.entity import entity_of, entity_of_group
from analytics.rules.expression import evidence, leaves
from analytics.rules.keywords import searched_texts
from analytics.rules.lens import ALTERNATIVE, Lens, read
from analytics.rules.rule import KEYWORD, Atom, Expression, Rule, RuleSet, Variant
from infra.events import Event, Signal, Why
from infra.exchange import Dimension
from infra.ids import stable_id

MAX_WHY = 12
MAX_VALUE = 300
MAX_EVENTS = 100
"""Event ids a signal of a correlation carries: the latest."""
DETECTOR = "sigma"


class Reporter:
    """Makes signals for matches of one rule set on one shape of record."""

    def __init__(self, ruleset: RuleSet, lens: Lens, tried: dict[str, Tried] | None = None) -> None:
        self._ruleset = ruleset
        self._lens = lens
        self._tried = {} if tried is None else tried

    def signals(self, variants: Sequence[int], event: Event) -> list[Signal]:
        """One signal per rule that is not hidden."""
        made: dict[int, Signal | None] = {}
        for index in variants:
            variant = self._ruleset.variants[index]
            rule = self._ruleset.rules[variant.rule]
            if rule.hidden or variant.rule in made:
                continue
            made[variant.rule] = None if rule.canary else self._signal(rule, variant, event)
            if rule.canary:
                self._try(rule, event_id_of(event))
        return [signal for signal in made.values() if signal is not None]

    def _try(self, rule: Rule, event_id: str) -> None:
        """Count what a rule on trial would have raised."""
        tried = self._tried.setdefault(rule.id, Tried())
        tried.count, tried.last_event = tried.count + 1, event_id

    def _signal(self, rule: Rule, variant: Variant, event: Event) -> Signal:
        entity_type, entity_value = entity_of(rule, lambda name: read(self._lens, event, name))
        event_id = event_id_of(event)
        return Signal(
            id=stable_id(DETECTOR, rule.id, event_id),
            time=self.moment(event),
            rule_id=rule.id,
            rule_name=rule.title,
            detector=DETECTOR,
            level=rule.level,
            event_ids=(event_id,),
            entity_type=entity_type,
            entity_value=entity_value,
            why=self.why(variant.when, event),
            author=rule.author,
            techniques=rule.techniques,
            system=str(event.get("yaodun.system") or ""),
            asset=str(event.get("yaodun.asset") or ""),
            dimension=dimension_of(rule, event),
            reference=rule.references[0] if rule.references else "",
        )

    def moment(self, event: Event) -> datetime:
        """The event's time, aware UTC; the epoch where it has none that can be read."""
        for key in self._lens.times:
            if (moment := _moment(event.get(key))) is not None:
                return moment
        return datetime.fromtimestamp(0, UTC)

    def correlated(self, fired: Fired, moment: datetime, event: Event | None = None) -> Signal | None:
        """The signal of a correlation, None where it only feeds another. Where ``event`` is the one that made it come
        true, its system and asset are those of the signal."""
        rule = self._ruleset.rules[fired.correlation.rule]
        ids = tuple(dict.fromkeys(item.event_id for item in fired.items))
        if rule.canary and not rule.hidden:
            self._try(rule, ids[-1])
        if rule.hidden or rule.canary:
            return None
        last = event if event is not None and event_id_of(event) == ids[-1] else {}
        entity_type, entity_value = entity_of_group(rule, fired.group)
        return Signal(
            id=stable_id(
                DETECTOR, rule.id, *(f"{name}={value}" for name, value in sorted(fired.group.items())), ids[-1]
            ),
            time=moment,
            rule_id=rule.id,
            rule_name=rule.title,
            detector=DETECTOR,
            level=rule.level,
            event_ids=ids[-MAX_EVENTS:],
            entity_type=entity_type,
            entity_value=entity_value,
            why=_measured(fired),
            author=rule.author,
            techniques=rule.techniques,
            system=str(last.get("yaodun.system") or ""),
            asset=str(last.get("yaodun.asset") or ""),
            dimension=rule.dimension or Dimension.INFRASTRUCTURE,
            reference=rule.references[0] if rule.references else "",
        )

    def why(self, when: Expression, event: Event) -> tuple[Why, ...]:
        """The fields that made ``when`` true, with their values and the patterns they met."""
        true = {number for number in set(leaves(when)) if self.atom_holds(self._ruleset.atoms[number], event)}
        numbers = dict.fromkeys(evidence(when, true))
        return tuple(self._why(self._ruleset.atoms[number], event) for number in list(numbers)[:MAX_WHY])

    def atom_holds(self, atom: Atom, event: Event) -> bool:
        """Whether one atom holds on an event, worked out plainly."""
        if atom.field == KEYWORD:
            return any(map(test(atom), searched_texts(event)))
        value = read(self._lens, event, atom.field)
        if atom.op == Op.FIELDREF:
            mode, _, other = atom.value.partition(":")
            return reference_holds(mode, value, read(self._lens, event, other))
        return holds(atom, value)

    def _why(self, atom: Atom, event: Event) -> Why:
        if atom.field == KEYWORD:
            meets = test(atom)
            value: Any = next((item for item in searched_texts(event) if meets(item)), "")
            return Why("*", _excerpt(value, atom), show(atom))
        name, value = self._named(atom.field, event)
        met = [item for item in elements(value) if item is not None and atom.op != Op.FIELDREF and holds(atom, item)]
        shown = "" if value is MISSING or value is None else text(met[0] if met else value)
        return Why(name, _excerpt(shown, atom), show(atom))

    def _named(self, location: str, event: Event) -> tuple[str, Any]:
        names = location.split(ALTERNATIVE)
        for name in names:
            if (value := read(self._lens, event, name)) is not MISSING:
                return name, value
        return names[0], MISSING


def _measured(fired: Fired) -> tuple[Why, ...]:
    one = fired.correlation
    groups = [Why(name, value, "group-by") for name, value in fired.group.items()]
    bounds = " and ".join(f"{bound.op} {bound.value:g}" for bound in one.bounds) or "condition"
    what = f"{one.kind}({', '.join(one.fields)})" if one.fields else one.kind
    return (*groups, Why(what, f"{fired.value:g}", f"{bounds} within {one.timespan_s:g} s"))


def event_id_of(event: Event) -> str:
    """The event's identity; of one that has none, a digest of its content."""
    return str(event.get("event.id") or stable_id(repr(sorted(event.items(), key=str))))


def _excerpt(value: str, atom: Atom) -> str:
    """A long value is cut around what was found in it."""
    if len(value) <= MAX_VALUE:
        return value
    at = max(value.lower().find(atom.value.lower()), 0) if atom.op == Op.CONTAINS else 0
    start = max(0, min(at - 60, len(value) - MAX_VALUE))
    return ("…" if start else "") + value[start : start + MAX_VALUE] + "…"


def _moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.removesuffix(" UTC"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def dimension_of(rule: Rule, event: Event) -> Dimension:
    """The dimension of posture a match counts for: the rule's own, else the event's, else infrastructure."""
    if rule.dimension:
        return rule.dimension
    try:
        return Dimension(str(event.get("yaodun.dimension")))
    except ValueError:
        return Dimension.INFRASTRUCTURE
