"""Data exchange between provinces and the centre: feeds with heartbeats, daily manifests, receipts and samples."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from infra.events.business import (
    BusinessSystem,
    Column,
    Heartbeat,
    Manifest,
    Notice,
    NoticeType,
    Receipt,
    Sample,
    Schema,
)
from yaodun.simulation.almanac import DAY, HOUR
from yaodun.simulation.dice import Dice
from yaodun.simulation.geography import provinces
from yaodun.simulation.world import World

DATASETS = ("inspection", "enterprise", "approval", "adverse-reaction", "sampling")
COLUMNS = (
    Column(name="case", type="text", required=True), Column(name="enterprise", type="text", required=True),
    Column(name="result", type="code", values=("pass", "fail", "recheck")), Column(name="score", type="number"),
    Column(name="inspector", type="text"), Column(name="date", type="date", required=True),
)  # fmt: skip
Row = dict[str, str | float | int | bool | None]
ROWS = 30


class Wire:
    """One feed: a dataset of a province."""

    def __init__(self, world: World, dice: Dice, dataset: str | None = None) -> None:
        self.world, self.dice = world, dice
        number = world.number("feed")
        self.province = dice.choose(provinces()).code
        self.dataset = dataset or f"{dice.choose(DATASETS)}-{number}"
        self.feed = f"{self.province}/{self.dataset}"
        self.version = "1.0"
        self.mean = dice.between(400, 3000)
        self.common: dict[str, Any] = {
            "system": BusinessSystem.SHARING, "simulated": True, "province": self.province, "feed": self.feed,
        }  # fmt: skip
        self.schema("1.0", HOUR)

    def _stamp(self, at: float, prefix: str, delay: float = 2.0) -> dict[str, Any]:
        moment, tape = self.world.almanac.moment, self.world.tape
        return {"id": tape.name(prefix), "time": moment(at), "recorded": moment(at + delay), **self.common}

    def schema(self, version: str, at: float, extra: tuple[Column, ...] = ()) -> Schema:
        """A version of the schema comes into force."""
        event = Schema(**self._stamp(at, "c"), dataset=self.dataset, version=version, columns=(*COLUMNS, *extra))
        self.world.tape.add(event)
        return event

    def beats(self, quiet: tuple[float, float] = (0, 0), interval: float = HOUR) -> list[Heartbeat]:
        """Heartbeats all along, with jitter and now and then one lost; none in ``quiet``."""
        events, at = [], self.dice.between(0, interval)
        while at < self.world.almanac.end:
            if not quiet[0] <= at < quiet[1] and not self.dice.happens(0.004):
                events.append(Heartbeat(**self._stamp(at, "h"), interval_s=interval, queued=self.dice.count(2)))
            at += interval * self.dice.between(0.95, 1.05)
        for event in events:
            self.world.tape.add(event)
        return events

    def sent(self, at: float, records: int, name: str, *, attempt: int = 1) -> Manifest:
        """A manifest."""
        event = Manifest(
            **self._stamp(at, "f"), manifest=name, dataset=self.dataset, records=records, hash=digest(name, records),
            sender=self.province, schema_version=self.version, volume=records * 290, attempt=attempt,
        )  # fmt: skip
        self.world.tape.add(event)
        return event

    def got(self, sent: Manifest, at: float, accepted: int, *, rejected: int = 0, status: str = "complete",
            spoilt: bool = False) -> Receipt:  # fmt: skip
        """The receipt of a manifest; with ``spoilt`` another digest."""
        whole = accepted + rejected == sent.records and not spoilt
        event = Receipt(
            **self._stamp(at, "g"), manifest=sent.manifest, dataset=self.dataset, accepted=accepted, rejected=rejected,
            hash=sent.hash if whole else digest(sent.manifest + "'", accepted), status=status, attempt=sent.attempt,
        )  # fmt: skip
        self.world.tape.add(event)
        return event

    def name(self, day: int) -> str:
        """The name of a day's transmission."""
        day_text = self.world.almanac.day_text(day).replace("-", "")
        return f"{self.feed.replace('/', '-')}-{day_text}-{self.world.number('manifest')}"

    def daily(self, skip: tuple[int, int] = (0, 0), rows: Callable[[int], Row] | None = None) -> list[Sample]:
        """A transmission every working day with receipt and sample; ``rows`` writes the records of a day."""
        samples = []
        for day in range(1, self.world.almanac.days):
            if self.world.almanac.is_off(day) or skip[0] <= day < skip[1]:
                continue
            at = day * DAY + 20 * HOUR + self.dice.between(0, 2) * HOUR
            self._transmit(day, at)
            samples.append(self.sample(at + 400, [(rows or self.row)(day) for _ in range(ROWS)]))
        return samples

    def _transmit(self, day: int, at: float) -> None:
        records, name = max(5, self.dice.count(self.mean)), self.name(day)
        sent = self.sent(at, records, name)
        if self.dice.happens(0.06):
            self.got(sent, at + 120, records // 3, status="partial")
            sent = self.sent(at + 1500, records, name, attempt=2)
            at += 1500
        rejected = min(records, self.dice.count(0.4))
        self.got(sent, at + self.dice.between(60, 600), records - rejected, rejected=rejected)

    def row(self, day: int) -> Row:
        """One honest record."""
        dice = self.dice
        result = dice.choose(("pass",) * 16 + ("fail", "fail", "recheck"))
        return {
            "case": f"C-{dice.whole(1, 10**6):07d}", "enterprise": f"E-{dice.whole(1, 9999):04d}", "result": result,
            "score": None if dice.happens(0.05) else round(dice.normal(86, 6), 1),
            "inspector": None if dice.happens(0.08) else f"insp-{dice.whole(1, 60)}",
            "date": self.world.almanac.day_text(day),
        }  # fmt: skip

    def sample(self, at: float, rows: list[Row]) -> Sample:
        """Some records."""
        event = Sample(**self._stamp(at, "i"), dataset=self.dataset, schema_version=self.version, rows=tuple(rows))
        self.world.tape.add(event)
        return event

    def announce(self, kind: NoticeType, begins: float, ends: float) -> Notice:
        """Something known about this feed."""
        return self.world.notice(kind, begins, ends, "feed", (self.feed,), system=BusinessSystem.SHARING)


def digest(name: str, records: int) -> str:
    """A digest that stands for the records of a transmission."""
    return hashlib.blake2b(f"{name}/{records}".encode(), digest_size=16).hexdigest()


def ordinary(world: World) -> None:
    """Some feeds on which nothing goes wrong."""
    dice = world.dice.apart("wires")
    for dataset in DATASETS[:4]:
        wire = Wire(world, dice.apart(dataset))
        wire.beats()
        wire.daily()
