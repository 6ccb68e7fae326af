"""What a kind of poller implements, and what all of them need to begin."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec

from collectors.sources.reporting import Reporter
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink

Tree = Mapping[str, Any]
"""The settings of one poller as they stand in the configuration, without ``kind`` and ``name``."""


class Poller(Protocol):
    """Asks until it is cancelled. It returns early only where it cannot work here, after telling its reporter so; what
    it raises is shown, and it is run again later."""

    async def run(self, sink: EventSink) -> None: ...


class Maker(Protocol):
    """Makes a poller of one kind; ``AppError(INVALID)`` names the setting that is wrong. ``state`` is a folder."""

    def __call__(self, reporter: Reporter, tree: Tree, state: Path) -> Poller: ...


S = TypeVar("S", bound=msgspec.Struct)


def settings_of(tree: Tree, kind: type[S]) -> S:
    """The typed settings in ``tree``; ``AppError(INVALID)`` says which key is wrong and how."""
    try:
        return msgspec.convert(dict(tree), kind, strict=False)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "?"
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place=place, problem=problem) from None


class PollerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of the settings of every kind: an unknown key is an error."""
