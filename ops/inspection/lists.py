"""Check lists as versioned data: items with a check, its limits, its targets and how grave an anomaly is."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from infra.errors import AppError, ErrorKind
from infra.exchange import Level
from infra.text import Language, language

SHIPPED = Path(__file__).parent / "lists"
LARGEST = 256 * 1024
MOST_TARGETS = 500
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Item(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One item: which check (``ops.inspection.probes``), with which arguments, on which targets."""

    id: str
    check: str
    title: dict[str, str]
    level: Level = Level.MEDIUM
    args: dict[str, Any] = {}
    targets: tuple[str, ...] = ()
    scoped: bool = False

    @property
    def name(self) -> str:
        """In the language of the context."""
        return _said(self.title)


class CheckList(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A list. ``scoped`` items also look at the targets a run names."""

    list: str
    version: str
    title: dict[str, str]
    items: tuple[Item, ...]
    sha256: str = ""

    @property
    def name(self) -> str:
        """In the language of the context."""
        return _said(self.title)


def _said(words: Mapping[str, str]) -> str:
    tongue = str(language())
    return words.get(tongue) or words.get(str(Language.ZH)) or next(iter(words.values()), "")


def read_list(raw: bytes, place: str, known: frozenset[str]) -> CheckList:
    """The list in YAML; ``AppError(INVALID)`` says where it is wrong. ``known`` are the checks there are."""
    if len(raw) > LARGEST:
        raise AppError(ErrorKind.TOO_LARGE, "ops.inspection.list_large", place=place, limit=LARGEST)
    try:
        made = msgspec.convert(yaml.load(raw, _Loader), CheckList)  # noqa: S506 - the safe loader
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError, ValueError) as error:
        problem = str(error).splitlines()[0][:200]
        raise AppError(ErrorKind.INVALID, "ops.inspection.list_malformed", place=place, problem=problem) from None
    ids = [item.id for item in made.items]
    if not ids or len(ids) != len(set(ids)):
        raise AppError(ErrorKind.INVALID, "ops.inspection.items_twice", place=place)
    for item in made.items:
        if item.check not in known:
            raise AppError(
                ErrorKind.INVALID, "ops.inspection.check_unknown", place=f"{place}: {item.id}", check=item.check,
                known=", ".join(sorted(known)),
            )  # fmt: skip
        if len(item.targets) > MOST_TARGETS:
            raise AppError(
                ErrorKind.TOO_LARGE, "ops.inspection.targets", place=f"{place}: {item.id}", most=MOST_TARGETS
            )
    return msgspec.structs.replace(made, sha256=hashlib.sha256(raw).hexdigest())


def read_lists(folder: Path) -> dict[str, CheckList]:
    """All lists of a folder by name."""
    from ops.inspection.probes import PROBES

    known = frozenset(PROBES)
    found = [read_list(path.read_bytes(), str(path), known) for path in sorted(folder.glob("*.yaml"))]
    return {each.list: each for each in found}


@cache
def shipped_lists() -> Mapping[str, CheckList]:
    """The lists that come with the product."""
    return read_lists(SHIPPED)


def lists_of(folder: Path | None) -> dict[str, CheckList]:
    """The shipped lists and the site's own, which replace those of the same name."""
    own = read_lists(folder) if folder is not None and folder.is_dir() else {}
    return {**shipped_lists(), **own}
