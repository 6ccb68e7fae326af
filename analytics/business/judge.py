"""Every detector over a book: findings by time, each document told once a detector."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules

import analytics.business.detectors
from analytics.business.book import Book, build_book
from analytics.business.desk import Desk
from analytics.business.finding import Finding
from analytics.business.thresholds import Thresholds
from infra.events.business import BusinessEvent
from infra.uncollected import uncollected

log = logging.getLogger(__name__)
Detector = Callable[[Desk], Iterator[Finding]]


def detectors() -> tuple[Detector, ...]:
    """All of them, by family."""
    families = sorted(module.name for module in iter_modules(analytics.business.detectors.__path__))
    loaded = [import_module(f"analytics.business.detectors.{name}") for name in families]
    return tuple(detector for family in loaded for detector in family.DETECTORS)


Broken = Callable[[str, Exception], None]
"""Hears the name of a detector that broke, and how."""


def judge(
    events: Iterable[BusinessEvent], limits: Thresholds | None = None, broken: Broken | None = None
) -> list[Finding]:
    """Findings about ``events``, given in any order, judged at the moment the last of them was recorded."""
    return judge_book(build_book(events), limits, broken=broken)


def judge_book(
    book: Book,
    limits: Thresholds | None = None,
    chosen: Iterable[Detector] | None = None,
    broken: Broken | None = None,
) -> list[Finding]:
    """The same for a settled book. A detector that breaks is logged and told to ``broken``; the others go on."""
    desk = Desk(book, limits)
    found: dict[tuple[str, str, str, str], Finding] = {}
    with uncollected():
        for detector in chosen if chosen is not None else detectors():
            for one in _run(detector, desk, broken):
                key = (one.detector, one.subject.kind, one.subject.value, one.events[0] if one.events else "")
                found.setdefault(key, one)
    return sorted(found.values(), key=lambda one: (one.begins, one.detector, one.subject.value))


def _run(detector: Detector, desk: Desk, broken: Broken | None) -> list[Finding]:
    name = getattr(detector, "__name__", repr(detector))
    try:
        return list(detector(desk))
    except Exception as problem:
        log.exception("business.detector_failed", extra={"detector": name})
        if broken is not None:
            broken(name, problem)
        return []
