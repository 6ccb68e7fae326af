"""What a page is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from dash.development.base_component import Component

from dashboards.parts import Part
from dashboards.visit import Visit

Body = Callable[[Visit], Awaitable[Component]]


@dataclass(frozen=True, slots=True)
class Page:
    """``action`` is the right a visitor needs (empty for any signed-in person), ``grid`` whether it shows a grid."""

    name: str
    path: str
    body: Body
    parts: tuple[Part, ...]
    action: str = ""
    grid: bool = False
    ranged: bool = True

    def matches(self, path: str) -> bool:
        """Whether an address below ``/ui`` is this page or below it."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the rail: pages that belong together, the first of them opened first."""

    name: str
    pages: tuple[Page, ...]

    def open_to(self, visit: Visit) -> tuple[Page, ...]:
        """The pages this visitor may see."""
        return tuple(page for page in self.pages if not page.action or visit.may(page.action))
