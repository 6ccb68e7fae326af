"""Models as pages and the API see them: card, state, trial; the steps people take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from analytics.models.answers import Answers
from analytics.models.card import Card, ModelState
from analytics.models.lessons import Lesson
from analytics.models.registry import ModelRegistry
from analytics.models.rows import ModelRow
from analytics.models.trial import Moved, Trial, Trials
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor


class ModelView(msgspec.Struct, frozen=True, kw_only=True):
    """One version. ``told`` is how many rows it told or would have told; ``sealed`` whether its seal holds now."""

    id: str
    name: str
    number: int
    state: ModelState
    created: datetime
    changed: datetime
    approver: str
    card: Card
    sealed: bool
    hours: int
    rows: int
    told: int
    gap: float
    steady: float
    moved: tuple[Moved, ...]
    tested: datetime | None
    drifted: bool


class ModelDesk:
    """``folder`` is where the worker keeps trials. Blocks."""

    def __init__(self, registry: ModelRegistry, folder: Path, answers: Answers, clock: Clock) -> None:
        self._registry, self._folder, self._answers, self._clock = registry, folder, answers, clock

    def models(self) -> list[ModelView]:
        """All versions, by name, newest first."""
        trials = Trials.load(self._folder)
        return [self._view(row, trials.kept.get(row.id, Trial())) for row in self._registry.versions()]

    def move(self, model: str, state: ModelState, actor: Actor) -> None:
        """A person's step; who makes a version active approves it. ``AppError(FORBIDDEN)`` where its seal is broken."""
        if state is ModelState.ACTIVE:
            self._registry.load(model)
        self._registry.move(model, state, actor, actor.name or actor.id)

    def rollback(self, name: str, actor: Actor) -> str:
        """The version before the active one is active again; its id."""
        return self._registry.rollback(name, actor, actor.name or actor.id)

    def lessons(self) -> Sequence[Lesson]:
        """What answers to findings have taught, newest answer first."""
        return self._answers.list(self._clock.now())

    def unlearn(self, actor: Actor, rule: str, entity: str, feature: str) -> int:
        """Those answers count no longer; how many there were. ``AppError(NOT_FOUND)`` where there were none."""
        gone = self._answers.undo(actor, rule, entity, feature, self._clock.now())
        if not gone:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.models.no_lesson", place=f"{rule}/{entity}"[:200])
        return gone

    def _view(self, row: ModelRow, trial: Trial) -> ModelView:
        return ModelView(
            id=row.id,
            name=row.name,
            number=row.number,
            state=ModelState(row.state),
            created=row.created,
            changed=row.changed,
            approver=row.approver,
            card=msgspec.convert(row.card, Card),
            sealed=self._sealed(row.id),
            hours=trial.hours,
            rows=trial.rows,
            told=trial.told,
            gap=trial.gap,
            steady=trial.steady,
            moved=tuple(trial.moved),
            tested=trial.tested,
            drifted=trial.drifted,
        )

    def _sealed(self, model: str) -> bool:
        try:
            self._registry.load(model)
        except AppError:
            return False
        return True
