"""Desks: analysts who take data out, and officers who decide cases."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from infra.events.business import BusinessSystem, Edge, Entitlement, Export, Step, Workflow
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.world import World

PURPOSES = ("monthly-report", "inspection", "statistics", "case-work")
STAGES = ("accept", "review", "inspect", "decide", "deliver")
LIMITS = {"accept": 120.0, "review": 240.0, "inspect": 360.0, "decide": 120.0, "deliver": 120.0, "total": 1440.0}


class Analyst:
    """Somebody with an entitlement who exports on working days."""

    def __init__(self, world: World, dice: Dice, dataset: str | None = None) -> None:
        self.world, self.dice = world, dice
        number = world.number("analyst")
        self.user, self.dataset = f"u-{number:04d}", dataset or f"dataset-{1 + number % 6}"
        self.purposes = tuple(sorted(dice.some(PURPOSES, 2)))
        self.usual = dice.spread(300, 0.5)
        self.entitle(self.dataset, HOUR)

    def entitle(self, dataset: str, at: float) -> Entitlement:
        """An entitlement from ``at`` on."""
        moment = self.world.almanac.moment(at)
        event = Entitlement(
            id=self.world.tape.name("e"), system=BusinessSystem.SHARING, time=moment, recorded=moment, simulated=True,
            user=self.user, dataset=dataset, purposes=self.purposes,
        )  # fmt: skip
        self.world.tape.add(event)
        return event

    def take(self, at: float, records: float, **more: Any) -> Export:
        """One export."""
        count = max(1, round(records))
        fields: dict[str, Any] = {
            "id": self.world.tape.name("o"), "system": BusinessSystem.SHARING, "simulated": True, "user": self.user,
            "time": self.world.almanac.moment(at), "recorded": self.world.almanac.moment(at + self.dice.between(0, 9)),
            "dataset": self.dataset, "records": count, "volume": count * self.dice.whole(180, 260),
            "purpose": self.dice.choose(self.purposes), "case": f"W-{self.dice.whole(1, 9999)}",
            "destination": "desktop", "address": f"10.20.{self.dice.whole(0, 9)}.{self.dice.whole(2, 250)}",
        }  # fmt: skip
        event = Export(**(fields | more))
        self.world.tape.add(event)
        return event

    def work(self) -> list[Export]:
        """Ordinary exports all along."""
        events = []
        for day in range(1, self.world.almanac.days):
            if self.world.almanac.is_off(day):
                continue
            for _ in range(self.dice.count(1.2)):
                at = day * DAY + self.dice.between(8.8, 17.4) * HOUR
                events.append(self.take(at, self.usual * self.dice.spread(1, 0.6)))
        return events


class Office:
    """An office with a workflow and officers for each stage."""

    def __init__(self, world: World, dice: Dice) -> None:
        self.world, self.dice = world, dice
        number = world.number("workflow")
        self.workflow = f"workflow-{number}"
        self.officers = {stage: tuple(f"officer-{number}-{stage}-{each}" for each in range(1, 4)) for stage in STAGES}
        chain = ("start", *STAGES, "end")
        edges = [Edge(before=before, after=after) for before, after in pairwise(chain)]
        edges += [Edge(before="accept", after="decide", lane="urgent"), Edge(before="review", after="decide")]
        moment = world.almanac.moment(HOUR)
        world.tape.add(
            Workflow(
                id=world.tape.name("w"), system=BusinessSystem.SERVICES, time=moment, recorded=moment, simulated=True,
                workflow=self.workflow, edges=tuple(edges), limits=LIMITS,
                separate=(("review", "decide"), ("inspect", "decide")),
            )
        )  # fmt: skip

    def case(
        self, at: float, stages: Sequence[str] = STAGES, *, lane: str = "normal", slow: dict[str, float] | None = None,
        actors: dict[str, str] | None = None, paused: dict[str, float] | None = None,
    ) -> list[Step]:  # fmt: skip
        """A case from ``at`` on; ``slow`` gives hours of a stage, ``actors`` its officer, ``paused`` idle hours."""
        name = f"C-{self.world.number('case'):06d}"
        applicant = f"app-{self.dice.whole(1, 99999):05d}"
        steps: list[Step] = []
        for number, stage in enumerate(stages):
            hours = (slow or {}).get(stage) or LIMITS[stage] * self.dice.between(0.08, 0.6)
            idle = (paused or {}).get(stage, 0.0)
            ends = self._working(at + (hours + idle) * HOUR, exact=stage in (slow or {}))
            steps.append(self._step(name, stage, at, ends, lane, applicant, idle, number == len(stages) - 1, actors))
            at = ends
        return steps

    def _working(self, at: float, *, exact: bool) -> float:
        if exact:
            return at
        hour = at % DAY / HOUR
        return at if 9 <= hour < 17 else at - at % DAY + self.dice.between(9, 17) * HOUR + (DAY if hour >= 17 else 0)

    def _step(
        self, case: str, stage: str, began: float, ends: float, lane: str, applicant: str, idle: float, last: bool,
        actors: dict[str, str] | None,
    ) -> Step:  # fmt: skip
        moment = self.world.almanac.moment
        event = Step(
            id=self.world.tape.name("y"), system=BusinessSystem.SERVICES, time=moment(ends), simulated=True,
            recorded=moment(ends + 1), workflow=self.workflow, case=case, stage=stage, lane=lane, began=moment(began),
            actor=(actors or {}).get(stage) or self.dice.choose(self.officers[stage]), applicant=applicant,
            paused_h=round(idle, 2), last=last, actor_role=stage,
        )  # fmt: skip
        self.world.tape.add(event)
        return event


def ordinary(world: World) -> None:
    """Analysts and cases of every day."""
    dice = world.dice.apart("desks")
    for number in range(8):
        Analyst(world, dice.apart(f"analyst-{number}")).work()
    office = Office(world, dice.apart("office"))
    for day in range(1, world.almanac.days):
        if not world.almanac.is_off(day):
            for _ in range(dice.count(3)):
                at = day * DAY + dice.between(9, 16.5) * HOUR
                stages = STAGES if dice.happens(0.7) else ("accept", "review", "decide", "deliver")
                office.case(at, stages)
