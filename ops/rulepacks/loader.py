"""Reads packs from folders and answers which one is in force."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import yaml

from infra.errors import AppError, ErrorKind
from ops.rulepacks.pack import Pack

SHIPPED = Path(__file__).parent / "packs"
LARGEST_BYTES = 4 << 20
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _NoAlias(_Loader):  # type: ignore[misc, valid-type]
    """Safe YAML without aliases, so that a small file cannot grow into a large one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("aliases are not allowed in a rule pack")
        return super().compose_node(parent, index)


class Packs:
    """The packs of some folders; a later folder replaces an equal (pack, version) of an earlier one."""

    def __init__(self, packs: Iterable[Pack]) -> None:
        self._packs = {(pack.pack, pack.version): pack for pack in packs}

    def versions(self, name: str) -> list[Pack]:
        """All versions of one pack, oldest first."""
        found = [pack for (pack_name, _), pack in self._packs.items() if pack_name == name]
        return sorted(found, key=lambda pack: (pack.valid_from, pack.version))

    def version(self, name: str, version: str) -> Pack:
        """One version; ``AppError(NOT_FOUND)`` lists those that are there."""
        pack = self._packs.get((name, version))
        if pack is None:
            known = ", ".join(item.version for item in self.versions(name)) or "—"
            raise AppError(ErrorKind.NOT_FOUND, "ops.rulepacks.no_version", pack=name, version=version, known=known)
        return pack

    def at(self, name: str, day: date) -> Pack:
        """The newest version in force on ``day``; ``AppError(NOT_FOUND)`` if none was."""
        found = [pack for pack in self.versions(name) if pack.in_force(day)]
        if not found:
            raise AppError(ErrorKind.NOT_FOUND, "ops.rulepacks.none_in_force", pack=name, day=day.isoformat())
        return found[-1]


def read_pack(path: Path) -> Pack:
    """The pack in a YAML file; ``AppError(INVALID)`` names the file and line."""
    raw = path.read_bytes()
    if len(raw) > LARGEST_BYTES:
        raise AppError(ErrorKind.TOO_LARGE, "ops.rulepacks.too_large", place=str(path), limit=LARGEST_BYTES)
    try:
        tree = yaml.load(raw, _NoAlias)  # noqa: S506 - a subclass of the safe loader
        pack = msgspec.convert(tree, Pack)
    except (yaml.YAMLError, msgspec.ValidationError, RecursionError, ValueError) as error:
        raise AppError(
            ErrorKind.INVALID, "ops.rulepacks.malformed", place=_place(path, error), problem=_line(error)
        ) from None
    return msgspec.structs.replace(pack, sha256=hashlib.sha256(raw).hexdigest())


def load_packs(folders: Sequence[Path]) -> Packs:
    """All packs of ``folders``, the site's own after the shipped ones."""
    return Packs(read_pack(path) for folder in folders for path in sorted(folder.glob("*.yaml")))


@cache
def shipped_packs() -> Packs:
    """The packs that come with the product, read once."""
    return load_packs([SHIPPED])


def _place(path: Path, error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    return f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)


def _line(error: Exception) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0][:200]
