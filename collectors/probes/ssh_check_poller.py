"""Read-only checks over SSH of hosts that carry no agent: each answer compared with what it should be."""

from __future__ import annotations

import asyncio
import re
import time
from pathlib import Path
from typing import Annotated

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.probes.ssh import Output, SshError, SshTarget, check_target, run_commands
from collectors.sources.reporting import Reporter, milliseconds
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_encode = msgspec.msgpack.Encoder().encode
READING = (
    "cat", "df", "du", "free", "uptime", "uname", "hostname", "id", "ls", "stat", "ps", "ss", "ip", "date", "who",
    "last", "systemctl is-active", "systemctl is-enabled", "systemctl list-units", "systemctl status", "dpkg-query",
    "rpm -q", "rpm -qa", "sha256sum", "sm3sum", "grep", "wc", "head", "tail", "getent", "sysctl -n", "timedatectl",
    "lsblk", "mount", "sestatus", "getenforce", "show", "display",
)  # fmt: skip
"""What a check may begin with: programs that only read."""
_CHAINED = re.compile(r"[;&|<>`$(){}\\\n\r]|--output|-delete|-exec")


class Check(PollerSettings, frozen=True, kw_only=True):
    """One command and what its answer must be: ``match`` and ``absent`` are regular expressions on the output,
    ``below`` and ``above`` bounds of the first number that ``match`` captures; without any, exit status 0."""

    name: str
    command: str
    match: str = ""
    absent: str = ""
    below: float | None = None
    above: float | None = None


class SshCheckSettings(SshTarget, frozen=True, kw_only=True):
    """One host and its checks."""

    check: Annotated[list[Check], msgspec.Meta(min_length=1, max_length=100)]
    interval_s: Annotated[float, msgspec.Meta(ge=5)] = 300.0


class SshCheckPoller:
    """One host."""

    def __init__(self, reporter: Reporter, settings: SshCheckSettings) -> None:
        self._reporter, self._settings = reporter, settings
        self._was: dict[str, str] = {}

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        while True:
            began = time.monotonic()
            documents = await self.look()
            await deliver(sink, [self._reporter.frame(FrameKind.DOCUMENTS, len(documents), _encode(documents))])
            await asyncio.sleep(max(1.0, self._settings.interval_s - (time.monotonic() - began)))

    async def look(self) -> list[Event]:
        """A measurement per check, and events where a verdict changed."""
        settings, began = self._settings, time.monotonic()
        try:
            outputs = await run_commands(settings, [each.command for each in settings.check])
        except SshError as error:
            found: dict[str, tuple[str, float | None]] = {"connection": (str(error), None)}
        else:
            found = {each.name: judge(each, output) for each, output in zip(settings.check, outputs, strict=True)}
            found["connection"] = ("", None)
        documents: list[Event] = [self._metric("ssh.duration", time.monotonic() - began, "s", "connection")]
        for name, (problem, number) in found.items():
            documents.append(self._metric("check.passed", float(not problem), "", name))
            if number is not None:
                documents.append(self._metric("check.value", number, "", name))
            if problem != self._was.get(name, ""):
                documents.append(self._event(name, problem))
            self._was[name] = problem
        now = milliseconds(self._reporter.now())
        return [{"@timestamp": now, "host.name": settings.host, "event.module": "ssh", **each} for each in documents]

    def _metric(self, name: str, value: float, unit: str, instance: str) -> Event:
        return {
            "yaodun.stream": Stream.METRICS.value, "event.kind": "metric", "yaodun.metric.name": name,
            "yaodun.metric.value": value, "yaodun.metric.unit": unit, "yaodun.metric.instance": instance,
        }  # fmt: skip

    def _event(self, name: str, problem: str) -> Event:
        words = problem or "as it should be again"
        return {
            "yaodun.stream": Stream.LOGS.value, "event.kind": "event", "event.category": ["configuration"],
            "event.type": ["info"], "event.dataset": "ssh.check", "event.outcome": "failure" if problem else "success",
            "event.action": "check-failed" if problem else "check-passed", "event.reason": words[:200],
            "message": f"{self._settings.host}: {name}: {words[:500]}",
        }  # fmt: skip


def judge(check: Check, output: Output) -> tuple[str, float | None]:
    """What is wrong ('' for nothing), and the number that was measured."""
    found = re.search(check.match, output.text[:65_536], re.M) if check.match else None
    if check.match and not found:
        return f"{check.match!r} is not in the answer", None
    if check.absent and re.search(check.absent, output.text[:65_536], re.M):
        return f"{check.absent!r} is in the answer", None
    if check.below is None and check.above is None:
        return ("" if check.match or check.absent or output.status == 0 else f"exit status {output.status}"), None
    try:
        number = float(found[1]) if found else float(output.text.split()[0])
    except (IndexError, ValueError):
        return "the answer holds no number", None
    if check.below is not None and number >= check.below:
        return f"{number:g} is not below {check.below:g}", number
    if check.above is not None and number <= check.above:
        return f"{number:g} is not above {check.above:g}", number
    return "", number


def reads_only(command: str) -> bool:
    """Whether a command is one of those that only read, and nothing is chained to it."""
    begins = any(command == each or command.startswith(f"{each} ") for each in READING)
    return begins and not _CHAINED.search(command)


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """Checks of one host."""
    settings = settings_of(tree, SshCheckSettings)
    check_target(settings)
    for each in settings.check:
        try:
            re.compile(each.match)
            re.compile(each.absent)
        except re.error as error:
            raise AppError(
                ErrorKind.INVALID, "collectors.poller_setting", place=each.name, problem=str(error)
            ) from None
        if not reads_only(each.command):
            raise AppError(ErrorKind.INVALID, "collectors.ssh_not_reading", place=each.name, command=each.command[:80])
    return SshCheckPoller(reporter, settings)
