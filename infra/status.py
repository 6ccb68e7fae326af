"""What each running service says of itself: one small JSON file per service, replaced atomically.

The files tell the state of a running site to ``yaodun status`` and the health page without asking any process.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec


def write_status(folder: Path, name: str, data: dict[str, Any]) -> None:
    """Replace the status of service ``name``; adds ``pid`` and ``written`` (Unix seconds)."""
    body = msgspec.json.encode({"pid": os.getpid(), "written": time.time(), **data})
    temporary = folder / f".{name}.{os.getpid()}"
    temporary.write_bytes(body)
    temporary.replace(folder / f"{name}.status.json")


def read_status(folder: Path, name: str) -> dict[str, Any] | None:
    """The last status of ``name``, or None where there is none that can be read."""
    try:
        found: dict[str, Any] = msgspec.json.decode((folder / f"{name}.status.json").read_bytes())
    except (OSError, msgspec.DecodeError):
        return None
    return found


def read_statuses(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every service's last status, by name."""
    for path in sorted(folder.glob("*.status.json")):
        name = path.name.removesuffix(".status.json")
        if (found := read_status(folder, name)) is not None:
            yield name, found


def pss_mib(pid: int) -> float | None:
    """Proportional set size of a process in MiB (Linux ``smaps_rollup``), None where it cannot be read."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    for line in text.splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024, 1)
    return None
