"""Parts: pieces of a page that are drawn anew when what they show has changed.

A part that fails shows its error in its own frame; the last good drawing stays, dimmed and stamped.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content
from dashboards.design.states import failed, stale
from dashboards.visit import Visit
from dashboards.words import t
from infra.errors import AppError
from infra.ids import new_id
from infra.text import language

log = logging.getLogger(__name__)
KEPT = 60
KEPT_S = 900.0
_good: OrderedDict[tuple[Any, ...], tuple[datetime, Content]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Part:
    """``topics`` are the pulses that refresh it, ``params`` the values of the address it reads (``*`` for all)."""

    name: str
    draw: Callable[[Visit], Awaitable[Content]]
    topics: frozenset[str] = frozenset()
    params: frozenset[str] = frozenset()
    wears: str = ""

    def reads(self, changed: set[str]) -> bool:
        """Whether a change of these values of the address concerns it."""
        return bool(changed) and ("*" in self.params or not self.params.isdisjoint(changed))


def part(
    name: str, *, topics: str = "", params: str = "", wears: str = ""
) -> Callable[[Callable[[Visit], Awaitable[Content]]], Part]:
    """Makes a drawing function a part; ``topics`` and ``params`` are words separated by spaces."""

    def make(draw: Callable[[Visit], Awaitable[Content]]) -> Part:
        return Part(name, draw, frozenset(topics.split()), frozenset(params.split()), wears)

    return make


async def held(chosen: Part, visit: Visit) -> Component:
    """The part in its holder, ready for the page."""
    return html.Div(await drawn(chosen, visit), id={"part": chosen.name}, className=f"part {chosen.wears}".strip())


async def held_all(visit: Visit, *parts: Part) -> list[Component]:
    """Several parts, drawn at the same time."""
    return list(await asyncio.gather(*(held(each, visit) for each in parts)))


async def drawn(chosen: Part, visit: Visit) -> Content:
    """The drawing, or its error state."""
    key = (chosen.name, language(), visit.actor.id, tuple(sorted(visit.params.items())), visit.path)
    try:
        content = await chosen.draw(visit)
    except AppError as error:
        return _error(chosen, visit, key, str(error))
    except Exception:  # noqa: BLE001 - shown in the frame of the part, with its trace in the log
        return _error(chosen, visit, key, t("error.unexpected"), trace=True)
    _good[key] = (visit.now, content)
    _good.move_to_end(key)
    while len(_good) > KEPT:
        _good.popitem(last=False)
    return content


def _error(chosen: Part, visit: Visit, key: tuple[Any, ...], reason: str, *, trace: bool = False) -> Content:
    request = new_id()[-12:]
    log.warning("part_failed", exc_info=trace, extra={"part": chosen.name, "request": request, "reason": reason})
    frame = failed(t("state.failed_in", part=t(f"part.{chosen.name}"), reason=reason), request, chosen.name)
    last = _good.get(key)
    if last is None or (visit.now - last[0]).total_seconds() > KEPT_S:
        return html.Section(frame, className="card failed")
    return stale(last[1], last[0], visit.zone, frame)
