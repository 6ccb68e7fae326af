"""Figures of behaviour: injected insiders among 600 people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bench.figure import Row, figure


@figure("ueba_top20")
def insiders() -> Iterator[Row]:
    """Share of injected insider days in the daily top 20 (and 5) of 600 people, two a day, two seeds."""
    from collections import defaultdict
    from datetime import UTC, datetime, timedelta

    from analytics.behaviour.risk import risk
    from analytics.behaviour.watch import Behaviour
    from bench.insiders import Office

    places: list[int] = []
    for seed in (2, 3):
        behaviour = Behaviour()
        for day in Office(seed, people=600, days=35).play():
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day.number)
            by_entity = defaultdict(list)
            for contribution in behaviour.window(day.activities, at):
                by_entity[contribution.entity].append(contribution)
            ranked = sorted((risk(e, found, at) for e, found in by_entity.items()), key=lambda one: -one.score)
            names = [one.entity for one in ranked]
            places += [names.index(who) if who in names else 10**6 for who in day.insiders]
    yield Row("ueba_top20", float(np.mean(np.array(places) < 20)), "ratio")
    yield Row("ueba_top5", float(np.mean(np.array(places) < 5)), "ratio")
