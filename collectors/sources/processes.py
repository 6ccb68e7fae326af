"""Processes of this host: every start and end, with parents, arguments, user and program, short-lived ones included.

As root the kernel tells of each ``exec`` at once (proc connector, ``linux/cn_proc.h``); elsewhere ``/proc`` is looked
at about once a second, and what lives shorter than that may go unseen, which the status says.
"""

from __future__ import annotations

import contextlib
import os
import pwd
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from infra.events.stream import Event

_CLOCK_TICKS = os.sysconf("SC_CLK_TCK")
MAX_ARGUMENTS = 8 << 10
"""Bytes of a command line that are read."""


@dataclass(frozen=True, slots=True)
class Process:
    """One process as it was when it was looked at."""

    pid: int
    parent: int
    name: str
    executable: str
    arguments: tuple[str, ...]
    folder: str
    user_id: int
    started: float
    session: int = 0
    kernel: bool = field(default=False)

    @property
    def key(self) -> str:
        """Identity on this host: a pid may come again, a pid with its start does not."""
        return f"{self.pid}-{self.started:.2f}"

    @property
    def command_line(self) -> str:
        """The arguments as a shell would show them."""
        return " ".join(self.arguments) or self.name


@lru_cache(maxsize=1)
def _boot_time() -> float:
    for line in Path("/proc/stat").read_text(encoding="ascii").splitlines():
        if line.startswith("btime "):
            return float(line.split()[1])
    return 0.0


@lru_cache(maxsize=512)
def user_name(user_id: int) -> str:
    """Name of a user, or the number where none has it."""
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return str(user_id)


def pids() -> set[int]:
    """Every process there is now."""
    return {int(name) for name in os.listdir("/proc") if name.isdigit()}  # noqa: PTH208 - called every second


def read_process(pid: int) -> Process | None:
    """The process ``pid``; None where it is gone."""
    folder = f"/proc/{pid}"
    try:
        stat = _bytes(f"{folder}/stat")
        name, _, rest = stat.partition(b"(")[2].rpartition(b") ")
        columns = rest.split()
        arguments = _bytes(f"{folder}/cmdline", MAX_ARGUMENTS)
        user_id = os.stat(folder).st_uid  # noqa: PTH116 - called for every process
    except (OSError, ValueError):
        return None
    started = _boot_time() + int(columns[19]) / _CLOCK_TICKS
    executable = _link(f"{folder}/exe")
    return Process(
        pid=pid,
        parent=int(columns[1]),
        name=name.decode(errors="replace"),
        executable=executable,
        arguments=tuple(part.decode(errors="replace") for part in arguments.rstrip(b"\0").split(b"\0") if part),
        folder=_link(f"{folder}/cwd"),
        user_id=user_id,
        started=started,
        session=int(columns[3]),
        kernel=not executable and not arguments,
    )


def _bytes(path: str, limit: int = 4096) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return os.read(handle, limit)
    finally:
        os.close(handle)


def _link(path: str) -> str:
    with contextlib.suppress(OSError):
        return os.readlink(path).removesuffix(" (deleted)")  # noqa: PTH115 - called for every process
    return ""


def describe(process: Process, parent: Process | None) -> Event:
    """ECS fields of ``process``."""
    event: Event = {
        "process.pid": process.pid,
        "process.name": process.name,
        "process.command_line": process.command_line,
        "process.args": list(process.arguments),
        "process.entity_id": process.key,
        "process.start": int(process.started * 1000),
        "process.parent.pid": process.parent,
        "process.user.name": user_name(process.user_id),
        "user.name": user_name(process.user_id),
        "user.id": str(process.user_id),
    }
    if process.executable:
        event["process.executable"] = process.executable
    if process.folder:
        event["process.working_directory"] = process.folder
    if parent is not None:
        event["process.parent.name"] = parent.name
        event["process.parent.command_line"] = parent.command_line
        event["process.parent.user.name"] = user_name(parent.user_id)
        if parent.executable:
            event["process.parent.executable"] = parent.executable
    return event


class ProcessTable:
    """The processes known so far, with those that just ended still known as parents."""

    def __init__(self) -> None:
        self._known: dict[int, Process] = {}
        self._ended: dict[int, Process] = {}

    def __len__(self) -> int:
        return len(self._known)

    def get(self, pid: int) -> Process | None:
        """The process ``pid``, looked up if it is not known yet; None for 0 and what is gone."""
        return self._known.get(pid) or (read_process(pid) if pid else None)

    def all(self) -> list[Process]:
        """Processes that live."""
        return list(self._known.values())

    def parent(self, process: Process) -> Process | None:
        """The parent of ``process``, looked up if it is not known yet."""
        return self._known.get(process.parent) or self._ended.get(process.parent) or read_process(process.parent)

    def saw(self, process: Process) -> Process | None:
        """Takes ``process`` in; what was known under its pid before, where that was another program."""
        before = self._known.get(process.pid)
        self._known[process.pid] = process
        same = before is not None and before.key == process.key and before.executable == process.executable
        return before if same else None

    def refresh(self) -> tuple[list[Process], list[Process]]:
        """Looks at ``/proc``: processes that are new and those that are gone."""
        now = pids()
        gone = [self._known.pop(pid) for pid in list(self._known) if pid not in now]
        self._ended = {process.pid: process for process in gone}
        new: list[Process] = []
        for pid in sorted(now - self._known.keys()):
            if process := read_process(pid):
                self._known[pid] = process
                new.append(process)
        return new, gone

    def ended(self, pid: int) -> Process | None:
        """Takes ``pid`` out; the process it was."""
        process = self._known.pop(pid, None)
        if process is not None:
            self._ended[pid] = process
        return process
