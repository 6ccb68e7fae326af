"""Detection as code, as pages, API and scripts do it: look, draft, lint, test, backtest, put in force, take back.

Rights are asked for by the doors; what keeps a rule from working is refused here, whoever asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from analytics.rules.backtest import Backtest, backtest_store
from analytics.rules.book import SHIPPED, RuleBook, Version
from analytics.rules.canary import Would
from analytics.rules.changes import written_path
from analytics.rules.documents import placeholders_beside
from analytics.rules.explain import explain
from analytics.rules.lens import EcsLens
from analytics.rules.listing import Origin, RuleFilter, RuleLine, RulePage, line_of, lines_of, page_of
from analytics.rules.load import load_rules, stamp_of
from analytics.rules.rule import Failure, Rule, RuleSet
from analytics.rules.sources import place_on_disk, source_on_disk, tests_on_disk
from analytics.rules.state import Outcome, Outcomes, RuleState, Sight
from analytics.rules.trial import PATH, Trial, raising, trial_set, try_out
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.events import Event
from infra.store.query.tree import Window
from infra.store.seams import EventStore
from infra.web.seams import Actor

MAX_TEXT = 256 << 10
MAX_NOTE = 2_000
MAX_DAYS = 31
BACKTEST_S = 8.0
FRESH_S = 5.0
"""How often is looked for files that changed."""


class RuleView(msgspec.Struct, frozen=True, kw_only=True):
    """One rule with everything about it; ``on_disk`` says whether it can go back to the text it came with."""

    line: RuleLine
    rule: Rule
    source: str
    tests: str
    history: tuple[Version, ...]
    fed_by: tuple[tuple[str, str], ...]
    feeds: tuple[tuple[str, str], ...]
    on_disk: bool
    would: Would | None = None
    """What the stream says it would have raised; None where it is not on trial, or nothing was said yet."""


@dataclass(frozen=True)
class RulePlaces:
    """Where rules lie: files in the order they are read, and the private folder of compiled sets."""

    paths: tuple[Path, ...]
    cache: Path | None = None


@dataclass
class _Kept:
    """The rules as they were at a monotonic time, by changes and files; ``came`` says which of the rules written over
    are on disk too."""

    digest: str
    stamp: tuple[object, ...]
    at: float
    ruleset: RuleSet
    came: dict[str, bool] = field(default_factory=dict)


class RuleDesk:
    """``outcomes`` tells what came of rules, ``sight`` which of them are blind, ``canaries`` what those on trial would
    have raised. Blocks."""

    def __init__(
        self, book: RuleBook, places: RulePlaces, store: EventStore, outcomes: Outcomes, sight: Callable[[], Sight],
        clock: Clock, canaries: Callable[[], Mapping[str, Would]] = dict,
    ) -> None:  # fmt: skip
        self._canaries = canaries
        self.book = book
        self._places, self._store, self._outcomes, self._sight, self._clock = places, store, outcomes, sight, clock
        self._lock = threading.Lock()
        self._kept: _Kept | None = None

    def ruleset(self) -> RuleSet:
        """All rules with the site's changes, switched-off ones too."""
        return self._fresh().ruleset

    def _fresh(self) -> _Kept:
        changes = self.book.changes(self._clock.now())
        digest, now = changes.digest(), self._clock.monotonic()
        with self._lock:
            kept = self._kept
            if kept is not None and kept.digest == digest and now - kept.at <= FRESH_S:
                return kept
            stamp = stamp_of(self._places.paths)
            if kept is not None and (kept.digest, kept.stamp) == (digest, stamp):
                kept.at = now
                return kept
            ruleset = load_rules(self._places.paths, cache=self._places.cache, changes=changes)
            self._kept = kept = _Kept(digest, stamp, now, ruleset)
            return kept

    def find(self, wanted: RuleFilter, start: int = 0, count: int = 200) -> RulePage:
        """A slice of the list."""
        outcomes = self._outcomes.of_rules(self._clock.now())
        lines = lines_of(self.ruleset(), self.book.switches(), outcomes, self._sight())
        return page_of(lines, wanted, start, count)

    def failures(self) -> Sequence[Failure]:
        """Rules that do not work, each with its place and remedy."""
        return self.ruleset().failures

    def rule(self, rule_id: str) -> RuleView:
        """One rule; ``AppError(NOT_FOUND)``."""
        kept = self._fresh()
        ruleset = kept.ruleset
        number = self._number(ruleset, rule_id)
        rule, switch = ruleset.rules[number], self.book.switches().get(rule_id)
        version = switch.version if switch else SHIPPED
        written = {} if version == SHIPPED else {rule_id: self.book.text(rule_id, version)}
        outcome = self._outcomes.of_rules(self._clock.now()).get(rule_id, Outcome())
        line = line_of(rule, switch, outcome, self._sight())
        return RuleView(
            line=line,
            rule=rule,
            source=_source(rule, written),
            tests=_tests(rule, written),
            history=tuple(self.book.history(rule_id)),
            fed_by=_named(ruleset, [n for one in ruleset.correlations if one.rule == number for n in one.rules]),
            feeds=_named(ruleset, [one.rule for one in ruleset.correlations if number in one.rules]),
            would=self._canaries().get(rule_id) if rule.canary else None,
            on_disk=line.origin is not Origin.SITE or self._came_with_file(kept, rule_id),
        )

    def check(self, source: str, tests: str) -> Trial:
        """Lint and test a text; nothing is in force by that."""
        _bounded(source, tests)
        return try_out(source, tests, self._beside, self.placeholders())

    def explain(self, source: str, event: Event) -> dict[str, Any]:
        """The verdict of every part of a text's rule on an event."""
        _bounded(source)
        ruleset = self._trial_set(source)
        return explain(ruleset, _of_text(ruleset), event, EcsLens())

    def explain_stored(self, source: str, event_id: str) -> dict[str, Any]:
        """As ``explain``, of a stored event; ``AppError(NOT_FOUND)`` where none has this id."""
        event = self._store.get(event_id)
        if event is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.no_event", place="event", event=event_id[:80])
        return self.explain(source, event)

    def backtest(self, source: str, days: int) -> Backtest:
        """What a text would have found in the last ``days`` days; rules it refers to are left out of the answer."""
        _bounded(source)
        if not 1 <= days <= MAX_DAYS:
            raise AppError(ErrorKind.INVALID, "analytics.rules.days", place="days", most=MAX_DAYS)
        ruleset = self._trial_set(source)
        mine = ruleset.rules[_of_text(ruleset)].id
        now = self._clock.now()
        window = Window(now - timedelta(days=days), now + timedelta(minutes=5))
        found = backtest_store(raising(ruleset), self._store, window, BACKTEST_S)
        return msgspec.structs.replace(found, rows=tuple(row for row in found.rows if row.rule == mine))

    def publish(self, actor: Actor, source: str, tests: str, note: str, state: RuleState, rule_id: str = "") -> str:
        """Put a text in force, as a new rule or as the next version of ``rule_id``; the rule's id.

        ``AppError(CONFLICT)`` where it does not lint or a test fails: what does not work is not put in force.
        """
        _reason(note)
        rule = _ready(self.check(source, tests))
        if rule_id and rule.id != rule_id:
            raise AppError(ErrorKind.CONFLICT, "analytics.rules.other_id", place="id", old=rule_id, new=rule.id)
        if not rule_id and any(one.id == rule.id for one in self.ruleset().rules):
            raise AppError(ErrorKind.CONFLICT, "analytics.rules.id_taken", place="id", id=rule.id)
        self.book.write(actor, rule.id, source, tests, note.strip(), state, draft=rule_id)
        return rule.id

    def switch(self, actor: Actor, rule_id: str, state: RuleState, note: str) -> None:
        """Enable, disable, or put on trial; ``AppError(CONFLICT)`` where enabled correlations need the rule."""
        _reason(note)
        ruleset = self.ruleset()
        number = self._number(ruleset, rule_id)
        needed = _named(ruleset, [one.rule for one in ruleset.correlations if number in one.rules])
        if state is RuleState.DISABLED and needed:
            names = ", ".join(title for _, title in needed)
            raise AppError(ErrorKind.CONFLICT, "analytics.rules.needed", place=rule_id, names=names)
        self.book.switch(actor, rule_id, state, note.strip())

    def restore(self, actor: Actor, rule_id: str, number: int, note: str) -> None:
        """Put an earlier version in force; 0 is the text on disk. ``AppError(CONFLICT)`` where it works no more, or
        others would not beside it. Its tests are not asked: what only feeds others by now raised a signal then."""
        _reason(note)
        source = self._source_on_disk(rule_id) if number == SHIPPED else self.book.text(rule_id, number)[0]
        _ready(try_out(source, "", self._beside, self.placeholders()))
        self.book.restore(actor, rule_id, number, note.strip())

    def texts(self, names: Sequence[str] | None) -> Sequence[tuple[Path, bytes]]:
        """The texts in force of rules by id or name with all that they feed; of every rule for None."""
        ruleset = self.ruleset()
        if names is None:
            return self._files(ruleset, range(len(ruleset.rules)))
        found = {number for name in names if (number := ruleset.find(name)) is not None}
        for one in ruleset.correlations:  # a referenced rule comes before, so chains are followed to their end
            if found & set(one.rules):
                found.add(one.rule)
        return self._files(ruleset, sorted(found))

    def placeholders(self) -> dict[str, list[str]]:
        """Values of the placeholders rules use."""
        return placeholders_beside(self._places.paths)

    def tests(self, rules: Sequence[str]) -> dict[str, str]:
        """The tests in force of rules by id; '' of those that have none."""
        wanted, written = frozenset(rules), self.book.texts()
        return {rule.id: _tests(rule, written) for rule in self.ruleset().rules if rule.id in wanted}

    def _trial_set(self, source: str) -> RuleSet:
        return trial_set(source, self._beside, self.placeholders())

    def _number(self, ruleset: RuleSet, rule_id: str) -> int:
        for number, rule in enumerate(ruleset.rules):
            if rule.id == rule_id:
                return number
        raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.unknown", place=rule_id[:64])

    def _source_on_disk(self, rule_id: str) -> str:
        """The text a rule came with; ``AppError(NOT_FOUND)``."""
        path = place_on_disk(self._places.paths, rule_id)
        if path is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.no_version", place=rule_id[:64], number=SHIPPED)
        return source_on_disk(path, rule_id)

    def _came_with_file(self, kept: _Kept, rule_id: str) -> bool:
        """Whether a rule that was written over is on disk too: looked up once, as all files are read for it."""
        if rule_id not in kept.came:
            kept.came[rule_id] = place_on_disk(self._places.paths, rule_id) is not None
        return kept.came[rule_id]

    def _beside(self, names: Sequence[str], rule_id: str) -> Sequence[tuple[Path, bytes]]:
        """The texts of the rules of these names and of the correlations ``rule_id`` feeds, with all they refer to."""
        ruleset = self.ruleset()
        mine = ruleset.find(rule_id) if rule_id else None
        wanted = [number for name in names if (number := ruleset.find(name)) is not None]
        wanted += [one.rule for one in ruleset.correlations if mine in one.rules]
        return self._files(ruleset, wanted, mine)

    def _files(self, ruleset: RuleSet, numbers: Iterable[int], but: int | None = None) -> Sequence[tuple[Path, bytes]]:
        """The texts of rules with all they refer to, ``but`` one."""
        written, waiting = self.book.texts(), list(numbers)
        fed = {one.rule: one.rules for one in ruleset.correlations}
        taken: dict[int, tuple[Path, bytes]] = {}
        while waiting:
            number = waiting.pop()
            rule = ruleset.rules[number]
            if number not in taken and number != but:
                taken[number] = (written_path(rule.id), _source(rule, written).encode())
                waiting += fed.get(number, ())
        return list(taken.values())


def _source(rule: Rule, written: Mapping[str, tuple[str, str]]) -> str:
    return written[rule.id][0] if rule.id in written else source_on_disk(Path(rule.path), rule.id)


def _tests(rule: Rule, written: Mapping[str, tuple[str, str]]) -> str:
    return written[rule.id][1] if rule.id in written else tests_on_disk(Path(rule.path), rule.id)


def _of_text(ruleset: RuleSet) -> int:
    for number, rule in enumerate(ruleset.rules):
        if rule.path == str(PATH):
            return number
    problem = str(ruleset.failures[0]) if ruleset.failures else ""
    raise AppError(ErrorKind.INVALID, "analytics.rules.not_ready", place="rule", problem=problem)


def _named(ruleset: RuleSet, numbers: Sequence[int]) -> tuple[tuple[str, str], ...]:
    rules = [ruleset.rules[number] for number in dict.fromkeys(numbers)]
    return tuple((rule.id, rule.title) for rule in rules)


def _ready(trial: Trial) -> Rule:
    if trial.rule is None or not trial.ready:
        raise AppError(ErrorKind.CONFLICT, "analytics.rules.not_ready", place="rule", problem=_first(trial))
    return trial.rule


def _first(trial: Trial) -> str:
    findings = [f"{one.place}: {one.problem}" for one in trial.findings if one.severity == "error"]
    return next(iter(findings + [f"{one.name}: {one.problem}" for one in trial.cases if one.problem]), "")


def _bounded(*texts: str) -> None:
    for text in texts:
        if len(text) > MAX_TEXT:
            raise AppError(ErrorKind.TOO_LARGE, "analytics.rules.text_too_large", place="rule", limit=MAX_TEXT)


def _reason(note: str) -> None:
    if not note.strip():
        raise AppError(ErrorKind.INVALID, "analytics.rules.no_note", place="note")
    if len(note) > MAX_NOTE:
        raise AppError(ErrorKind.TOO_LARGE, "analytics.rules.note_too_long", place="note", limit=MAX_NOTE)
