"""When the service of analyses lets feeds and collections be read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest

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
