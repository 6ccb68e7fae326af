"""Secrets by name, sealed at rest. A playbook holds a name; the value goes to the one who acts and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from trust.identity.seal import Sealer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")


class Secrets(Protocol):
    """Gives the value of a name; ``AppError(NOT_FOUND)`` where there is none."""

    def get(self, name: str) -> str: ...


class SecretFolder:
    """Sealed files in a folder of the owner."""

    def __init__(self, folder: Path, sealer: Sealer) -> None:
        self._folder = folder
        self._sealer = sealer

    def put(self, name: str, value: str) -> None:
        """Keep a value, in place of an older one."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(self._path(name), self._sealer.seal(value.encode(), f"playbook secret {name}"), private=True)

    def get(self, name: str) -> str:
        path = self._path(name)
        if not path.exists():
            raise AppError(ErrorKind.NOT_FOUND, "playbooks.act.no_secret", place=name)
        return self._sealer.open(path.read_bytes(), f"playbook secret {name}").decode()

    def names(self) -> list[str]:
        """Which there are."""
        return sorted(path.stem for path in self._folder.glob("*.sealed"))

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise AppError(ErrorKind.INVALID, "playbooks.act.secret_name", place=name[:80])
        return self._folder / f"{name}.sealed"


class NoSecrets:
    """A place without secrets."""

    def get(self, name: str) -> str:
        raise AppError(ErrorKind.NOT_FOUND, "playbooks.act.no_secret", place=name)
