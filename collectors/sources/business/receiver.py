"""The drop folder and the SQL pulls as one receiver: started and stopped with the doors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from collectors.receivers.seams import Listener
from collectors.sources.business.drop_folder import DropFolder
from collectors.sources.business.sql_pull import SqlPull, read_pulls
from infra.events.seams import EventSink

_log = logging.getLogger(__name__)


class BusinessReceiver:
    """Reads ``drop`` and the queries of ``pulls`` (a TOML file, may be absent); keeps how far it came in ``state``."""

    def __init__(self, drop: Path, pulls: Path, state: Path) -> None:
        self._drop, self._pulls, self._state = drop, pulls, state
        self._tasks: list[asyncio.Task[None]] = []
        self._open: list[SqlPull] = []

    async def start(self, sink: EventSink) -> None:
        """``AppError(INVALID)`` names a pull that is not written well."""
        pulls = [SqlPull(pull, self._state / f"pull-{pull.name}.json") for pull in read_pulls(self._pulls)]
        folder = DropFolder(self._drop, self._state / "files-taken")
        self._open = pulls
        works = [("drop", folder.run(sink)), *((pull.pull.name, pull.run(sink)) for pull in pulls)]
        self._tasks = [asyncio.create_task(_kept_up(name, work), name=f"business-{name}") for name, work in works]

    async def stop(self) -> None:
        """End reading; what was not handed over is read again at the next start."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for pull in self._open:
            pull.close()

    @property
    def addresses(self) -> Sequence[Listener]:
        return ()


async def _kept_up(name: str, work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        _log.exception("business.source_failed", extra={"source": name})
        raise
