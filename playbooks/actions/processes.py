"""Processes of this host: stop a tree of them, by number and start time, so that a number used again is never hit."""

from __future__ import annotations

import psutil

from playbooks.actions.action import Before, Words, usage
from playbooks.engine.orders import Outcome, Seen
from playbooks.model.guard import Effect

_GRACE_S = 3.0
_SAME_START_S = 1.5


class StopProcess:
    """``stop-process PID [START]``: the process and all it started. START is Unix time; without it the number counts.

    What is stopped cannot be started again by us: no undo.
    """

    name = "stop-process"
    usage = "stop-process PID [START-UNIX-TIME]"

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The process."""
        number, _ = self._read(words)
        return (Effect("stop-process", str(number), reversible=False),)

    def act(self, words: Words, key: str) -> Outcome:
        """Ask it to end, then make it; children first learn nothing of it."""
        root = self._find(words)
        if root is None:
            return Outcome(ok=True, output={"stdout": "no such process"})
        family = [*root.children(recursive=True), root]
        names = [f"{each.pid} {_name(each)}" for each in family]
        for each in family:
            _signal(each, kill=False)
        _, left = psutil.wait_procs(family, timeout=_GRACE_S)
        for each in left:
            _signal(each, kill=True)
        _, left = psutil.wait_procs(left, timeout=_GRACE_S)
        ok = not left
        return Outcome(ok=ok, output={"stdout": "\n".join(names)}, reason="" if ok else f"{len(left)} still live")

    def probe(self, words: Words, key: str) -> Seen:
        """Is it gone?"""
        return Seen.ABSENT if self._find(words) else Seen.DONE

    def undo(self, words: Words, before: Before) -> Outcome:
        """Cannot be."""
        return Outcome(ok=False, reason="a stopped process cannot be brought back")

    def _find(self, words: Words) -> psutil.Process | None:
        number, start = self._read(words)
        try:
            found = psutil.Process(number)
            if found.status() == psutil.STATUS_ZOMBIE:
                return None
            return found if start is None or abs(found.create_time() - start) <= _SAME_START_S else None
        except psutil.NoSuchProcess:
            return None

    def _read(self, words: Words) -> tuple[int, float | None]:
        try:
            number, start = int(words[0]), float(words[1]) if len(words) > 1 else None
        except (ValueError, IndexError):
            raise usage(self, " ".join(words)) from None
        if number <= 1 or len(words) > 2 or number in _our_own():
            raise usage(self, " ".join(words))
        return number, start


def _our_own() -> set[int]:
    me = psutil.Process()
    return {me.pid, *(parent.pid for parent in me.parents())}


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return "?"


def _signal(process: psutil.Process, *, kill: bool) -> None:
    try:
        process.kill() if kill else process.terminate()
    except psutil.NoSuchProcess:
        return
