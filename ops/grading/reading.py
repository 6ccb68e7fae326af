"""Reads objects to grade from YAML or JSON; every mistake names file and field."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import yaml

from infra.errors import AppError, ErrorKind
from ops.grading.objects import GradedObject

LARGEST_BYTES = 8 << 20
MOST_OBJECTS = 10_000


def read_objects(path: Path) -> tuple[GradedObject, ...]:
    """The objects of a file: one mapping, a list, or ``objects: [...]``."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise _wrong(str(path), error.strerror or "cannot be read") from None
    if len(raw) > LARGEST_BYTES:
        raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place=str(path), limit=LARGEST_BYTES)
    return objects_of(raw, str(path))


def objects_of(raw: bytes, place: str) -> tuple[GradedObject, ...]:
    """The objects in YAML or JSON text."""
    tree = _tree(raw, place)
    listed = tree.get("objects", [tree]) if isinstance(tree, dict) else tree
    if not isinstance(listed, list) or not listed or len(listed) > MOST_OBJECTS:
        raise _wrong(place, f"expected 1 to {MOST_OBJECTS} objects")
    return tuple(_object(entry, f"{place}: objects[{index}]") for index, entry in enumerate(listed))


def _tree(raw: bytes, place: str) -> object:
    try:
        text = raw.decode("utf-8")
        if "&" in text and re.search(r"(^|[\s\[{,:-])&\w", text) and re.search(r"(^|[\s\[{,:-])\*\w", text):
            raise yaml.YAMLError("aliases are not allowed")
        return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{place}:{mark.line + 1}:{mark.column + 1}" if mark else place
        raise _wrong(where, str(getattr(error, "problem", None) or error).splitlines()[0]) from None


def _object(entry: object, place: str) -> GradedObject:
    try:
        return msgspec.convert(entry, GradedObject)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$")
        raise _wrong(place + where.rstrip("`"), problem) from None


def _wrong(place: str, problem: str) -> AppError:
    return AppError(ErrorKind.INVALID, "ops.grading.unreadable", place=place, problem=problem[:300])
