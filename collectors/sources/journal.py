"""systemd's journal through ``journalctl -o json``: from the cursor that was handed over last."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.places import PLACE, REACHED, Places
from collectors.sources.reporting import Host, Reporter, Reporting
from infra.events.seams import EventSink

_PLACE = "journal"
_READ = 512 << 10
_FOLDERS = (Path("/run/log/journal"), Path("/var/log/journal"))


def journal_here(folders: tuple[Path, ...] = _FOLDERS) -> bool:
    """Whether this host has a journal and the program to read it."""
    return shutil.which("journalctl") is not None and any(
        folder.glob("*/*.journal") for folder in folders if _has(folder)
    )


def _has(folder: Path) -> bool:
    try:
        return any(folder.glob("*/*.journal"))
    except OSError:
        return False


class JournalSource(Reporting):
    """Reads until cancelled; says what is missing where there is no journal."""

    def __init__(self, host: Host, places: Places, command: tuple[str, ...] = ("journalctl",)) -> None:
        self._reporter = Reporter(host, "journal")
        self._places = places
        self._command = command

    async def run(self, sink: EventSink) -> None:
        """Until cancelled; returns where there is no journal."""
        if self._command == ("journalctl",) and not journal_here():
            self._reporter.not_available("journal")
            return
        process = await asyncio.create_subprocess_exec(
            *self._command,
            *self._arguments(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            stdin=asyncio.subprocess.DEVNULL,
            limit=_READ,
        )
        self._reporter.running()
        try:
            assert process.stdout is not None
            await self._follow(process.stdout, sink)
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
        raise ChildProcessError("journalctl ended")

    def _arguments(self) -> list[str]:
        cursor = self._places.reached(_PLACE)
        start = [f"--after-cursor={cursor}"] if cursor else ["--lines=1000"]
        return ["--output=json", "--all", "--follow", "--no-pager", *start]

    async def _follow(self, stream: asyncio.StreamReader, sink: EventSink) -> None:
        rest = b""
        while data := await stream.read(_READ):
            lines, end, unfinished = (rest + data).rpartition(b"\n")
            rest = unfinished
            if end:
                await self._hand_over([line for line in lines.split(b"\n") if line], sink)

    async def _hand_over(self, lines: list[bytes], sink: EventSink) -> None:
        cursor = _cursor(lines[-1])
        meta = {PLACE: _PLACE, REACHED: cursor} if cursor else {}
        await deliver(sink, [self._reporter.frame(FrameKind.JOURNAL, len(lines), b"\n".join(lines), **meta)])


def _cursor(line: bytes) -> str:
    start = line.find(b'"__CURSOR"')
    if start < 0:
        return ""
    first = line.find(b'"', line.find(b":", start) + 1)
    return line[first + 1 : line.find(b'"', first + 1)].decode("ascii", "replace")
