"""The texts of rules as they lie on disk: the document of one rule, and its tests beside it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import yaml

from analytics.rules.documents import MAX_BYTES, TESTS, Document, read_documents, rule_files
from infra.errors import AppError, ErrorKind


def place_on_disk(paths: Sequence[Path], rule: str) -> Path | None:
    """The file a rule came with, whatever was written over it since; the last one counts, as in compiling."""
    found = None
    for path in rule_files(paths):
        with suppress(OSError):
            if rule in path.read_text(encoding="utf-8", errors="replace"):
                own = any(str(document.tree.get("id", "")) == rule for document in _documents(path))
                found = path if own else found
    return found


def source_on_disk(path: Path, rule: str) -> str:
    """The text of a rule's own document; ``AppError(NOT_FOUND)`` where the file has gone or lost it."""
    for document in _documents(path):
        if str(document.tree.get("id", "")) == rule:
            return document_text(document)
    raise AppError(ErrorKind.NOT_FOUND, "analytics.rules.source_gone", place=path.name)


def tests_on_disk(path: Path, rule: str) -> str:
    """The test file beside a rule's file where it is about that rule; '' where there is none."""
    file = path.with_name(path.name.removesuffix(".yml").removesuffix(".yaml") + TESTS)
    try:
        text = file.read_text(encoding="utf-8") if file.stat().st_size <= MAX_BYTES else ""
    except (OSError, UnicodeDecodeError):
        return ""
    return text if rule in text else ""


def document_text(document: Document) -> str:
    """One document of a file as it was written; all of it where it is the only one."""
    nodes = [node for node in yaml.compose_all(document.text, yaml.CSafeLoader) if node is not None]
    if len(nodes) == 1:
        return document.text
    node = nodes[min(document.index, len(nodes) - 1)]
    return document.text[node.start_mark.index : node.end_mark.index]


def _documents(path: Path) -> list[Document]:
    try:
        with path.open("rb") as file:
            return read_documents(path, file.read(MAX_BYTES + 1))[0]
    except OSError:
        return []
