"""Fewer fields of an event: those asked for by name, keys of flat fields under their full name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.events.stream import Event
from infra.store.query.names import Place, place
from infra.store.query.predicate import flatten

ALWAYS = ("@timestamp", "event.id")


def project(event: Event, names: Sequence[str]) -> Event:
    """``event`` with nothing but ``names``, its time and its id; all of it where ``names`` is empty."""
    if not names:
        return event
    shown = {name: event[name] for name in ALWAYS if name in event}
    for name in names:
        value = _value(event, place(name))
        if value is not None:
            shown[name] = value
    return shown


def _value(event: Event, where: Place) -> Any:
    whole = event.get(where.column)
    if not where.key or not isinstance(whole, dict):
        return None if where.key else whole
    return whole[where.key] if where.key in whole else flatten(whole).get(where.key)
