"""When the service of analyses lets feeds and collections be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.errors import AppError, ErrorKind
from infra.events.stream import Stream
from infra.store.seams import StreamStats
from yaodun.service import TRY_LATER
from yaodun.services import analysis


class EnoughError(Exception):
    """The hours are over."""


async def test_collections_are_asked_on_time_whatever_else_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder changes every 25 minutes, each turn of the worker takes one; the interval is an hour."""
    minutes, runs = 0.0, list[float]()

    def state(_: object) -> str:
        return f"state {minutes // 25}"

    async def wait(seconds: float) -> None:
        nonlocal minutes
        minutes += seconds / 60
        if minutes > 600:
            raise EnoughError

    async def work(*_: str) -> None:
        nonlocal minutes
        runs.append(minutes)
        minutes += 1

    monkeypatch.setattr(analysis, "state_of", state)
    monkeypatch.setattr(analysis, "feeds_of", lambda site: None)
    monkeypatch.setattr(analysis.time, "monotonic", lambda: minutes * 60)
    monkeypatch.setattr(analysis.asyncio, "sleep", wait)
    settings = SimpleNamespace(intelligence=SimpleNamespace(taxii=("https://feeds.example/",), taxii_every_min=60))
    service: Any = SimpleNamespace(_site=SimpleNamespace(settings=settings), _work=work)
    with pytest.raises(EnoughError):
        await analysis.Analysis._learn_bad(cast(analysis.Analysis, service))
    asked = list(polled(runs))
    assert max(after - before for before, after in pairwise(asked)) < 65


def polled(runs: list[float]) -> Iterator[float]:
    """The turns that find the last question an hour old."""
    last = float("-inf")
    for run in runs:
        if run - last >= 60:
            last = run
            yield run


class AwayStore:
    """Out of time when asked first, then nine events, unchanged."""

    def __init__(self) -> None:
        self.asked = 0

    def stats(self) -> dict[Stream, StreamStats]:
        self.asked += 1
        if self.asked == 1:
            raise AppError(ErrorKind.UNAVAILABLE, "infra.query_timeout", seconds=60)
        return {Stream.BUSINESS: StreamStats(events=9, bytes=1, oldest=None, newest=None)}


async def test_the_business_is_judged_again_where_the_store_was_away_and_not_where_nothing_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    codes, turns = [TRY_LATER, TRY_LATER, 0], 0

    async def wait(_: float) -> None:
        nonlocal turns
        turns += 1
        if turns > 10:
            raise EnoughError

    async def work(*_: str) -> int:
        return codes.pop(0)

    monkeypatch.setattr(analysis.asyncio, "sleep", wait)
    service: Any = SimpleNamespace(_store=AwayStore(), _work=work)
    service._business_held = lambda: analysis.Analysis._business_held(service)
    with pytest.raises(EnoughError):
        await analysis.Analysis._judge_business(cast(analysis.Analysis, service))
    assert codes == []
