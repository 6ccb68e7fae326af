"""Running a program on this host: bounded time, bounded output, its whole process group ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from playbooks.engine.orders import MAX_OUTPUT, Outcome

KEPT = ("PATH", "LANG", "LC_ALL", "HOME", "TZ")
"""Environment a program sees; nothing of the platform's own (settings, secrets) is among it."""
_GRACE_S = 2.0


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended; ``code`` is None where its time was up."""

    code: int | None
    stdout: str
    stderr: str

    @property
    def ok(self) -> bool:
        """Did it say success?"""
        return self.code == 0

    def outcome(self) -> Outcome:
        """The same as an outcome."""
        output = {"stdout": self.stdout, "stderr": self.stderr, "exit_code": str(self.code)}
        reason = (
            "" if self.ok else ("timeout" if self.code is None else f"exit {self.code}: {self.stderr.strip()[-300:]}")
        )
        return Outcome(ok=self.ok, output=output, reason=reason)


@dataclass(frozen=True, slots=True)
class Host:
    """Where programs run: this host, or this host behind a prefix (``ip netns exec NAME``)."""

    prefix: tuple[str, ...] = ()
    root: Path = Path("/")

    def run(
        self, words: Sequence[str], *, timeout_s: float = 30.0, text: str = "", extra: Mapping[str, str] | None = None
    ) -> Ended:
        """Run a program with ``text`` as its input."""
        environment = {name: os.environ[name] for name in KEPT if name in os.environ} | dict(extra or {})
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            child = subprocess.Popen(
                [*self.prefix, *words], stdin=subprocess.PIPE, stdout=out, stderr=err, env=environment, cwd="/",
                start_new_session=True,
            )  # fmt: skip
            code = _await(child, text.encode(), timeout_s)
            return Ended(code, _read(out), _read(err))


def _await(child: subprocess.Popen[bytes], data: bytes, timeout_s: float) -> int | None:
    try:
        child.communicate(data, timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end(child)
        return None
    return child.returncode


def _end(child: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            break
        try:
            child.communicate(timeout=_GRACE_S)
            break
        except subprocess.TimeoutExpired:
            continue


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    text = file.read(4 * MAX_OUTPUT + 1).decode("utf-8", "replace")
    return text if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT] + "\n…"
