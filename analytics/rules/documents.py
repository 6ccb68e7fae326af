"""Rule files: found, read within bounds, split into YAML documents, and places inside them found again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from analytics.rules.rule import Failure

MAX_BYTES = 1 << 20
"""Largest rule file that is read; the largest of SigmaHQ has 30 KB."""
PLACEHOLDERS = "placeholders.yml"
TESTS = ".test.yml"
"""What the files of a rule's own tests end with; they lie beside the rules."""


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a file."""

    path: str
    index: int
    tree: dict[str, Any]
    text: str

    def place(self, *keys: str) -> str:
        """``path:line:col`` of the deepest of ``keys`` (a path of mapping keys) that is there."""
        return f"{self.path}:{_position(self.text, self.index, keys)}"


def rule_files(paths: Sequence[Path]) -> Iterator[Path]:
    """Every rule file below ``paths``, sorted, each once."""
    seen: set[str] = set()
    for path in paths:
        for item in sorted(_below(str(path))) if path.is_dir() else [str(path)]:
            if item not in seen:
                seen.add(item)
                yield Path(item)


def _below(folder: str) -> Iterator[str]:
    """Rule files at any depth; plain text paths, for there are thousands."""
    for base, _, names in os.walk(folder):
        for name in names:
            if name.endswith((".yml", ".yaml")) and name != PLACEHOLDERS and not name.endswith(TESTS):
                yield f"{base}/{name}"


def read_documents(path: Path, data: bytes) -> tuple[list[Document], list[Failure]]:
    """The documents of one file, and what is wrong with it."""
    if len(data) > MAX_BYTES:
        return [], [Failure(f"{path}:1:1", "too_large", {"size": str(len(data)), "limit": str(MAX_BYTES)})]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [Failure(f"{path}:1:1", "unreadable", {"problem": str(error)})]
    documents: list[Document] = []
    try:
        for index, tree in enumerate(yaml.load_all(text, _Loader)):
            if tree is None:
                continue
            document = Document(str(path), index, tree, text)
            if failure := _wrong(document):
                return documents, [failure]
            documents.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        return documents, [Failure(f"{path}:{where}", "yaml", {"problem": str(error.problem or error.context)})]
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        return documents, [Failure(f"{path}:1:1", "yaml", {"problem": str(error)[:200]})]
    return documents, []


def _wrong(document: Document) -> Failure | None:
    from sigma.exceptions import SigmaError
    from sigma.rule.base import check_alias_expansion

    try:
        check_alias_expansion(document.tree, SigmaError)
    except SigmaError:
        return Failure(document.place(), "aliases")
    if not isinstance(document.tree, dict):
        return Failure(document.place(), "not_rule")
    return None


class _Loader(yaml.CSafeLoader):
    """YAML as Sigma reads it: duplicate keys are errors, dates stay text."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict | set):
                raise yaml.constructor.ConstructorError(None, None, "unhashable key", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def _position(text: str, index: int, keys: Sequence[str]) -> str:
    try:
        for number, node in enumerate(yaml.compose_all(text, yaml.CSafeLoader)):
            if number == index and node is not None:
                return _descend(node, keys)
    except (yaml.YAMLError, RecursionError):
        pass
    return "1:1"


def _descend(node: Any, keys: Sequence[str]) -> str:
    mark = node.start_mark
    for key in keys:
        node, found = _child(node, key)
        if found is None:
            break
        mark = found
    return f"{mark.line + 1}:{mark.column + 1}"


def _child(node: Any, key: str) -> tuple[Any, Any]:
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            found = _child(item, key)
            if found[1] is not None:
                return found
    elif isinstance(node, yaml.MappingNode):
        for key_node, value in node.value:
            if key_node.value == key:
                return value, key_node.start_mark
    return node, None


def placeholders_beside(paths: Sequence[Path]) -> dict[str, list[str]]:
    """Values of placeholders from the ``placeholders.yml`` at the top of each folder."""
    values: dict[str, list[str]] = {}
    for path in paths:
        file = path / PLACEHOLDERS
        if path.is_dir() and file.is_file():
            tree = yaml.safe_load(file.read_text(encoding="utf-8")) or {}
            values |= {str(name): [str(item) for item in items] for name, items in tree.items()}
    return values
