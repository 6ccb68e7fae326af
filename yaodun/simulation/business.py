"""One run: a seed, days and knobs in; a tape of events and truths out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from yaodun.simulation import bureau, desks, wires
from yaodun.simulation.almanac import Almanac
from yaodun.simulation.dice import Dice
from yaodun.simulation.flow import live
from yaodun.simulation.knobs import Knobs
from yaodun.simulation.ledgering import Clerk
from yaodun.simulation.public import ask
from yaodun.simulation.stories.told import Scene, tell_all
from yaodun.simulation.supply import Supply
from yaodun.simulation.tape import Tape
from yaodun.simulation.world import World, populate

FIRST_DAY = date(2026, 1, 5)
CODES_A_DAY = 8400


def simulate(
    seed: int,
    days: int,
    *,
    codes: int | None = None,
    knobs: Mapping[str, float] | None = None,
    first: date = FIRST_DAY,
    label: str = "",
) -> Tape:
    """The tape of one world; the ids of its events carry ``label`` (default: the seed)."""
    size = CODES_A_DAY * days if codes is None else codes
    almanac = Almanac(first, days)
    dice = Dice(seed, "world")
    tape = Tape(almanac, label or str(seed))
    world = World(almanac, dice, Knobs(knobs), tape)
    populate(world, size)
    clerk = Clerk(world, "clerk")
    scene = Scene(world, Supply(world, Clerk(world, "stories")))
    tell_all(scene)
    for part in (bureau, wires, desks):
        part.ordinary(world)
    ask(world, live(Supply(world, clerk), size))
    return tape
