"""A simulated office: people in units with habits, ordinary irregularities, and a few insiders whose days are labelled.

Ordinary irregularities (they must stay quiet): overtime, a new colleague's hosts, month-end volume, project changes of
a whole unit. Insiders: one who copies much, one who works at night on hosts of others, one who looks around slowly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from analytics.behaviour.activity import Activity


@dataclass(frozen=True, slots=True)
class Day:
    """Activities of a day, and the insiders active on it with what they did."""

    number: int
    activities: list[Activity]
    insiders: dict[str, str]


class Office:
    """``people`` in units of about 20; two insider days a day from ``quiet`` on, on people drawn anew."""

    def __init__(self, seed: int, people: int = 600, days: int = 40, quiet: int = 25) -> None:
        self.rng = np.random.default_rng(seed)
        self.people, self.days, self.quiet = people, days, quiet
        self.unit = np.arange(people) // 20
        self.start = self.rng.normal(8.5, 0.7, people)
        self.volume = self.rng.lognormal(3.0, 0.6, people)
        self.servers = {u: [f"srv-{u}-{i}" for i in range(8)] for u in range(people // 20 + 1)}
        self.common = [f"common-{i}" for i in range(15)]
        self.weights = [self.rng.dirichlet(np.full(8, 0.6)) for _ in range(people)]

    def play(self) -> Iterator[Day]:
        """Day after day."""
        for number in range(self.days):
            chosen = self.rng.choice(self.people, 2, replace=False) if number >= self.quiet else []
            kinds = self.rng.permutation(["copies", "night", "looks"])[: len(chosen)]
            bad = {int(person): str(kind) for person, kind in zip(chosen, kinds, strict=True)}
            activities = [self._day(person, number, bad.get(person)) for person in range(self.people)]
            yield Day(number, activities, {f"p{person}": kind for person, kind in bad.items()})

    def _day(self, person: int, number: int, bad: str | None) -> Activity:
        rng, unit = self.rng, int(self.unit[person])
        hosts: dict[str, int] = {}
        for server in rng.choice(self.servers[unit], rng.poisson(3) + 1, p=self.weights[person]):
            hosts[str(server)] = hosts.get(str(server), 0) + int(rng.poisson(4)) + 1
        for server in rng.choice(self.common, 3, replace=False):
            hosts[str(server)] = int(rng.poisson(5)) + 1
        if rng.random() < 0.03:
            hosts[f"srv-{int(rng.integers(self.people // 20))}-{int(rng.integers(8))}"] = 1
        first = int(np.clip(round(self.start[person] + rng.normal(0, 0.5)), 6, 12))
        last = first + 9 + int(rng.random() < 0.08) * int(rng.integers(1, 4))
        hours = np.zeros(24, dtype=int)
        hours[first : min(last, 24)] = rng.poisson(6, min(last, 24) - first)
        month_end = 2.0 if number % 30 >= 28 else 1.0
        out = float(self.volume[person] * month_end * rng.lognormal(0, 0.5))
        failed = float(rng.poisson(0.6))
        if bad:
            out, failed = self._misbehave(bad, person, hosts, hours, out, failed)
        volumes = {"bytes_out": out, "events": float(hours.sum()), "failed_logins": failed, "hosts": float(len(hosts))}
        return Activity(f"p{person}", f"u{unit}", {"host": hosts}, volumes, hours.tolist())

    def _misbehave(
        self, kind: str, person: int, hosts: dict[str, int], hours: np.ndarray, out: float, failed: float
    ) -> tuple[float, float]:
        rng = self.rng
        other = (int(self.unit[person]) + int(rng.integers(1, 10))) % (self.people // 20)
        foreign = [str(server) for server in rng.choice(self.servers[other], 3, replace=False)]
        if kind == "copies":
            hosts.update({foreign[0]: 6})
            return out * float(rng.uniform(6, 12)), failed
        if kind == "night":
            hours[1:4] = rng.poisson(4, 3) + 1
            hosts.update(dict.fromkeys(foreign[:2], 3))
            return out * 1.5, failed
        hosts.update(dict.fromkeys(foreign, 2))
        return out * 1.3, failed + float(rng.poisson(4)) + 2
