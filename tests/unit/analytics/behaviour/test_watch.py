"""Insiders in a simulated office rise to the top, colleagues do not."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from analytics.behaviour.activity import Activity, Facet
from analytics.behaviour.risk import risk
from analytics.behaviour.watch import Behaviour
from bench.insiders import Office

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.slow
def test_insiders_are_in_the_daily_top() -> None:
    behaviour, places = Behaviour(), []
    for day in Office(seed=11, people=200, days=16, quiet=12).play():
        at = START + timedelta(days=day.number)
        by_entity = defaultdict(list)
        for contribution in behaviour.window(day.activities, at):
            by_entity[contribution.entity].append(contribution)
        ranked = sorted((risk(e, found, at) for e, found in by_entity.items()), key=lambda one: -one.score)
        names = [one.entity for one in ranked]
        places += [names.index(insider) if insider in names else 10**6 for insider in day.insiders]
    assert len(places) == 8
    assert sum(place < 20 for place in places) >= 7


def test_learning_windows_tell_nothing_and_hostile_activities_do_not_crash() -> None:
    behaviour = Behaviour(learn_windows=2)
    odd = [
        Activity("a", volumes={"x": float("nan"), "y": float("inf"), "z": -3.0}),
        Activity("b", "g", {"host": {}}, {"x": 1e308}, [0] * 24),
        Activity("", "", {"host": {"h": 10**12}}, {}, [1] * 5),
    ]
    assert [behaviour.window(odd, START + timedelta(days=i)) for i in range(2)] == [[], []]
    behaviour.window(odd, START + timedelta(days=2))
    assert behaviour.window([], START + timedelta(days=3)) == []


def test_a_host_new_to_one_but_usual_among_peers_is_no_rare_pair() -> None:
    behaviour = Behaviour(learn_windows=5)
    people = [f"p{i}" for i in range(40)]

    def usual(i: int, day: int) -> Activity:
        hosts = {f"srv{(i + day) % 7}": 3, "mail": 5}
        return Activity(people[i], f"u{i // 20}", {"host": hosts}, {"bytes": 100.0 + (i * day) % 13}, [])

    for day in range(15):
        behaviour.window([usual(i, day) for i in range(40)], START + timedelta(days=day))
    today = [usual(i, 15) for i in range(40)]
    today[0] = Activity("p0", "u0", {"host": {"srv6": 1, "srv5": 1, "mail": 5}}, {"bytes": 100.0}, [])
    today[1] = Activity("p1", "u0", {"host": {"crown-jewel": 1, "mail": 5}}, {"bytes": 100.0}, [])
    found = behaviour.window(today, START + timedelta(days=15))
    rare = [c for c in found if c.facet is Facet.RARE_PAIR]
    assert rare[0].entity == "p1"
    assert rare[0].value == "crown-jewel"
    assert "p0" not in {c.entity for c in rare if c.p < 1e-3}


def test_three_instead_of_the_usual_two_is_no_finding_and_forty_is() -> None:
    """A habit of small counts never seen to vary: counting alone makes one more likely now and then."""
    rng, behaviour = np.random.default_rng(5), Behaviour(learn_windows=12)
    usual, false, burst = rng.integers(1, 4, 60), 0, set()
    for window in range(50):
        counts = usual + (rng.random(60) < 1 / 150)
        if window == 49:
            counts[7] = 40
        made = [Activity(f"h{i}", "host", volumes={"events": float(c)}) for i, c in enumerate(counts)]
        told = [one for one in behaviour.window(made, START + timedelta(hours=window)) if one.p < 1e-4]
        burst |= {one.entity for one in told if window == 49}
        false += len([one for one in told if one.entity != "h7"])
    assert "h7" in burst
    assert false <= 6
