"""Which playbook a step calls: of the version it names, or the newest; of several copies of that, one that may run."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from infra.errors import AppError

Tree = dict[str, Any]
Kept = tuple[str, Tree]
"""A playbook and its hash."""
Admit = Callable[[Tree], object]
"""``AppError`` where a playbook may not run live here."""


def called(kept: Iterable[Kept], playbook: str, version: str, admit: Admit) -> Kept | None:
    """What a call of ``playbook`` gets of those kept; None where there is none, or not this version. One that may not
    run is never passed over for an older one that may."""
    found = [each for each in kept if each[1]["id"] == playbook and version in ("", _version(each))]
    if not found:
        return None
    newest = max(map(_version, found))
    copies = [each for each in found if _version(each) == newest]
    return max(copies, key=lambda each: len(copies) > 1 and admitted(each[1], admit))


def admitted(tree: Tree, admit: Admit) -> bool:
    """Whether a playbook may run live."""
    try:
        admit(tree)
    except AppError:
        return False
    return True


def anything(tree: Tree) -> None:
    """Admits every playbook."""


def _version(kept: Kept) -> str:
    return str(kept[1]["modified"])
