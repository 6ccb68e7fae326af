"""The room of playbooks: starting them with every check, offering those that fit, showing how runs stand.

Implements ``ops.runs.RunDesk``. Live, a playbook runs only when it keeps the standard and a key the site trusts has
signed it; the trusted keys are given from outside, never by a playbook.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.text import language, say
from infra.web.seams import Actor, Authorizer
from ops.alerts.record import AlertRow
from ops.runs import Fit, RunView, StepView
from playbooks.engine import reading
from playbooks.engine.called import called
from playbooks.engine.desk import Desk
from playbooks.engine.rehearsal import rehearse
from playbooks.library.shelf import fitting, shelf
from playbooks.library.wording import step_name, title_of
from playbooks.model.finding import Level
from playbooks.model.judge import judge
from playbooks.model.playbook import Playbook, playbook_hash, typed
from playbooks.model.signatures import demand_signed

_SHOWN = {"attention": "unknown", "rolled-back": "undone"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A playbook of the site's library, as pages and API show it."""

    sha256: str
    id: str
    title: str
    description: str
    types: tuple[str, ...]
    severity: int
    steps: int
    signed: bool
    inputs: dict[str, str]


class PlaybookRoom:
    """Everything that is done with playbooks but moving them."""

    def __init__(
        self, records: Records, access: Authorizer, clock: Clock | None = None, *,
        anchors: Callable[[], frozenset[str]] = frozenset, signed_only: bool = True,
        actuators: Callable[[], Mapping[str, Any]] = dict, stir: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        self._records, self._clock = records, clock or SystemClock()
        self._access = access
        self._anchors, self._signed_only = anchors, signed_only
        self._actuators, self._stir = actuators, stir
        self.desk, self.reading = Desk(records, self._clock), reading.Reading(records)

    # the library ----------------------------------------------------------

    def shelve(self) -> int:
        """Keep the shipped playbooks in the records; how many."""
        kept = {sha256 for sha256, _ in self.reading.documents()}
        new = [each for each in shelf() if each.sha256 not in kept]
        for each in new:
            self.desk.keep(each.tree, "shipped")
        return len(new)

    def keep(self, actor: Actor, tree: dict[str, Any]) -> str:
        """Take a playbook into the library; its hash. ``AppError(INVALID)`` with the first defect of a rejected one."""
        self._access.demand(actor, "playbooks.run")
        verdict = judge(tree)
        if verdict.level is Level.REJECT:
            first = verdict.errors[0]
            more = len(verdict.errors) - 1
            raise AppError(ErrorKind.INVALID, "playbooks.rejected", place=first.pointer, problem=first.text, more=more)
        return self.desk.keep(verdict.tree, actor.name)

    def library(self) -> list[Listed]:
        """Every playbook of the site in the language of the context."""
        return [self._listed(sha256, tree) for sha256, tree in self.reading.documents()]

    def titles(self) -> dict[str, str]:
        """The title of every playbook by its hash, in the language of the context."""
        return {sha256: title_of(tree) for sha256, tree in self.reading.documents()}

    def document(self, wanted: str) -> dict[str, Any]:
        """A playbook by its hash, or the newest version by its identifier; ``AppError(NOT_FOUND)``."""
        return self._find(wanted)[1]

    def _find(self, wanted: str) -> tuple[str, dict[str, Any]]:
        kept = self.reading.documents()
        found = next((each for each in kept if each[0] == wanted), None) or called(kept, wanted, "", self.admit)
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.run.no_playbook", place=wanted[:80])
        return found

    def admit(self, tree: dict[str, Any]) -> None:
        """``AppError(INVALID | FORBIDDEN)`` where a playbook may not run live here: it must keep the standard, and be
        signed by a key of the site."""
        if judge(tree).level is not Level.STRICT:
            raise AppError(ErrorKind.INVALID, "playbooks.run.not_strict", place=tree["name"])
        anchors = self._anchors()
        if self._signed_only or anchors:
            demand_signed(tree, self._clock.now(), anchors)

    def _listed(self, sha256: str, tree: dict[str, Any]) -> Listed:
        playbook = typed(tree)
        inputs = {name: each.type for name, each in playbook.playbook_variables.items() if each.external}
        return Listed(
            sha256, playbook.id, title(playbook), playbook.text(language(), "description"), playbook.playbook_types,
            playbook.severity, len(playbook.workflow), bool(tree.get("signatures")), inputs,
        )  # fmt: skip

    def rehearse(self, wanted: str, inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every effect a run could have."""
        _, tree = self._find(wanted)
        kept = self.reading.documents()

        def library(name: str, version: str) -> Mapping[str, Any] | None:
            found = called(kept, name, version, self.admit)
            return found[1] if found else None

        return rehearse(tree, {name: str(value) for name, value in inputs.items()}, self._actuators(), library)

    # runs -----------------------------------------------------------------

    def start(self, actor: Actor, playbook: str, inputs: Mapping[str, Any], *, simulate: bool, cause: str = "") -> str:
        """Begin a run; its id, durable on return. ``AppError(FORBIDDEN | INVALID | NOT_FOUND)`` where it may not be."""
        self._access.demand(actor, "playbooks.run", f"playbook:{playbook}")
        sha256, tree = self._find(playbook)
        if not simulate:
            self.admit(tree)
        run = self.desk.start(actor, sha256, inputs, simulate=simulate, cause=cause)
        self._stir()
        return run

    def fitting(self, rules: Sequence[str], entities: Sequence[tuple[str, str]]) -> Sequence[Fit]:
        """Playbooks for alerts of these rules on these entities, the best first."""
        return [
            Fit(
                playbook=fit.shelved.playbook.id, title=title(fit.shelved.playbook), inputs=dict(fit.inputs),
                why=_why(fit.rule),
                acts=fit.shelved.acts,
            )
            for fit in fitting([*rules, *self._names(rules)], entities)
        ]  # fmt: skip

    def _names(self, rules: Sequence[str]) -> list[str]:
        """What the rules of these ids are called: a case knows the ids, a playbook says which names it answers."""
        query = select(AlertRow.rule_name).where(AlertRow.rule_id.in_(rules)).distinct().order_by(AlertRow.rule_name)
        return list(self._records.read(lambda session: session.scalars(query).all()))

    def view(self, run: str) -> RunView:
        """How a run stands; ``AppError(NOT_FOUND)``."""
        found = self.reading.run(run)
        attempts = {each.step: each for each in self.reading.attempts(run)}
        agreed = self.reading.agreed(run)
        steps = tuple(
            StepView(
                title=step_name(each.name or each.type), state=_SHOWN.get(each.state, each.state),
                result=_said(attempts[each.id]) if each.id in attempts else "",
                seconds=(each.ended - each.started).total_seconds() if each.started and each.ended else None,
                agreed=tuple(agreed.get(each.id, ())),
            )
            for each in found.steps
            if each.type not in ("start", "end")
        )  # fmt: skip
        state = _SHOWN.get(found.state, found.state)
        playbook = typed(self.document(found.sha256))
        return RunView(id=run, title=title(playbook), state=state, steps=steps, href=f"/playbooks?run={run}")


def title(playbook: Playbook) -> str:
    """The name of a playbook in the language of the context."""
    return playbook.text(language(), "name")


def _why(rule: str) -> str:
    return say("playbooks.library.called_by", rule=rule) if rule else say("playbooks.library.by_entity")


def _said(attempt: reading.AttemptView) -> str:
    text = attempt.reason or str(attempt.output.get("stdout", ""))
    return " ".join(text.split())[:120]


__all__ = ["Listed", "PlaybookRoom", "playbook_hash"]
