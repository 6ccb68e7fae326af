"""Pollers that people add from a page for the agent of the platform's own host: one small file, read as it changes.

A remote agent is told by the signed configuration of its group; the agent of this host shares the data folder instead.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from collectors.pollers.lazy import KINDS, MAX_POLLERS
from infra.durable import replace_file
from infra.errors import AppError, ErrorKind

FILE = "pollers.json"
"""The file, in the folder of states."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,40}")
_Trees = list[dict[str, Any]]


def name_of(tree: Mapping[str, Any]) -> str:
    """The name of a table; ``AppError(INVALID)`` where it has none that tells it apart, or a kind nobody knows."""
    name, kind = str(tree.get("name", "")), str(tree.get("kind", ""))
    if _NAME.fullmatch(name) is None:
        raise AppError(ErrorKind.INVALID, "collectors.poller_name", place=name[:40])
    if kind not in KINDS:
        raise AppError(ErrorKind.INVALID, "collectors.poller_kind", place=kind[:64], known=", ".join(KINDS))
    return name


class LocalPollers:
    """``state`` keeps the list, ``secrets`` the passwords it names, each in a file only its owner reads."""

    def __init__(self, state: Path, secrets: Path) -> None:
        self._path, self._secrets = state / FILE, secrets / "pollers"

    def read(self) -> _Trees:
        """The tables as they stand; none where nobody added any."""
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
            return msgspec.json.decode(self._path.read_bytes(), type=_Trees)
        return []

    def stamp(self) -> int:
        """Differs once the list was changed."""
        with contextlib.suppress(FileNotFoundError):
            return self._path.stat().st_mtime_ns
        return 0

    def put(self, tree: Mapping[str, Any], secrets: Mapping[str, str]) -> None:
        """Add a table, or replace the one of that name. ``secrets`` are kept in files that the table names; an empty
        one is left out. ``AppError(INVALID)`` names what is wrong."""
        name = name_of(tree)
        named = {key: self._keep(f"{name}.{key}", value) for key, value in secrets.items() if value}
        others = [each for each in self.read() if each.get("name") != name]
        if len(others) >= MAX_POLLERS:
            raise AppError(ErrorKind.TOO_LARGE, "collectors.pollers_many", most=MAX_POLLERS)
        self._write([*others, {**tree, **named}])

    def drop(self, name: str) -> None:
        """Take a table away, and the secrets it named."""
        self._write([each for each in self.read() if each.get("name") != name])
        for path in self._secrets.glob(f"{name}.*") if _NAME.fullmatch(name) else ():
            path.unlink(missing_ok=True)

    def _write(self, trees: Sequence[Mapping[str, Any]]) -> None:
        replace_file(self._path, msgspec.json.encode(trees))

    def _keep(self, name: str, secret: str) -> str:
        self._secrets.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._secrets / name
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(secret)
        return f"file:{path}"
