"""A defect: where it is, what it is, and, where that is honest, how it was repaired."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from infra.text import say

Key = str | int
Path = tuple[Key, ...]


class Level(StrEnum):
    """How well a document keeps the standard."""

    STRICT = "strict"
    IMPORT = "import"
    REJECT = "reject"


class Mend(StrEnum):
    """What a repair does: puts a value, drops one, moves one, or only warns (the thing itself fails closed)."""

    PUT = "put"
    DROP = "drop"
    MOVE = "move"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Repair:
    """A change that makes a defect go away. ``at`` is the place changed; ``value`` the new value or new place."""

    mend: Mend
    at: Path = ()
    value: Any = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect. Without a ``repair`` the document is rejected."""

    path: Path
    code: str
    detail: dict[str, Any] = field(default_factory=dict)
    repair: Repair | None = None

    @property
    def pointer(self) -> str:
        """The place as a JSON pointer (RFC 6901)."""
        return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in self.path)

    @property
    def text(self) -> str:
        """What is wrong and what to do, in the language of the context."""
        return say(f"playbooks.defect.{self.code}", **self.detail)

    def shown(self) -> dict[str, Any]:
        """The finding as the command prints it."""
        row: dict[str, Any] = {"path": self.pointer, "code": self.code, "text": self.text}
        return row | ({"mend": str(self.repair.mend)} if self.repair else {})


class Findings(list[Finding]):
    """Findings in the order they were met."""

    def add(self, path: Path, code: str, repair: Repair | None = None, /, **detail: Any) -> None:
        """Note a defect."""
        shown = {key: value[:120] if isinstance(value, str) else value for key, value in detail.items()}
        self.append(Finding(path, code, shown, repair))


def apply(tree: dict[str, Any], repair: Repair) -> None:
    """Make one repair in the tree; a place that is gone already is left alone."""
    if repair.mend is Mend.NOTE:
        return
    holder: Any = tree
    for key in repair.at[:-1]:
        try:
            holder = holder[key]
        except (KeyError, IndexError, TypeError):
            if repair.mend is not Mend.PUT or not isinstance(holder, dict):
                return
            holder = holder.setdefault(key, {})
    last: Any = repair.at[-1]
    if repair.mend is Mend.PUT:
        holder[last] = repair.value
    elif isinstance(holder, dict) and last in holder:
        value = holder.pop(last)
        if repair.mend is Mend.MOVE:
            holder.setdefault(repair.value, value)
