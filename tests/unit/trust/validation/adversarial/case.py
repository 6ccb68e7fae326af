"""The cases: a chain, what is asked of it, what the answer must be, and the clause that says so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.unit.trust.validation.adversarial.forge import Made, middle, root


@dataclass
class Chain:
    """What a validator is given."""

    leaf: Made
    anchors: list[Made]
    pool: list[Made] = field(default_factory=list)
    crls: list[bytes] = field(default_factory=list)
    name: str | None = None
    usage: str | None = None
    policies: tuple[str, ...] = ()
    require_explicit: bool = False
    inhibit_mapping: bool = False
    inhibit_any: bool = False
    max_depth: int | None = None
    profile: str = "path"


@dataclass(frozen=True)
class Case:
    """A named case. ``good`` says whether the chain must be found valid."""

    category: str
    name: str
    good: bool
    clause: str
    build: Callable[[], Chain]

    @property
    def id(self) -> str:
        return f"{self.category}/{self.name}"


CASES: list[Case] = []


def case(category: str, name: str, good: bool, clause: str) -> Callable[[Callable[[], Chain]], Callable[[], Chain]]:
    """Register the function that builds the chain."""

    def register(build: Callable[[], Chain]) -> Callable[[], Chain]:
        CASES.append(Case(category, name, good, clause, build))
        return build

    return register


def add(category: str, name: str, good: bool, clause: str, build: Callable[[], Chain]) -> None:
    """Register one case of a table."""
    CASES.append(Case(category, name, good, clause, build))


def simple(build_leaf: Callable[[Made], Made], **more: object) -> Chain:
    """root -> middle -> leaf with a leaf of the caller's."""
    top = root()
    below = middle(top)
    return Chain(build_leaf(below), [top], [below], **more)  # type: ignore[arg-type]
