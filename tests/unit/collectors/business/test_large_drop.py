"""A large file through the drop folder: every record accounted for, in memory that does not grow with the file."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

from collectors.sources.business.drop_folder import DropFolder
from infra.events.frame import Frame
from tests.unit.collectors.business.written import bill

RECORDS = 1_000_000 if os.environ.get("YAODUN_PROVE") == "full" else 20_000
"""20,000 rows in every run, a million where proofs run at full size."""
BAD_EVERY, SAME_EVERY, BLANK_EVERY = 1_000, 700, 900
PER_RECORD, FIXED = 24, 12 << 20
"""Bytes a record may cost (eight of its id are remembered, twice while columns are joined), and what the way costs
whatever the size."""


class CountingSink:
    """Counts what comes and keeps nothing."""

    def __init__(self) -> None:
        self.records = self.largest = 0

    async def accept(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            assert frame.count == frame.body.count(b"\n") + 1
            self.records += frame.count
            self.largest = max(self.largest, len(frame.body))


def _written(path: Path) -> tuple[int, int]:
    """A file with bad and repeated records among the good ones; how many of each."""
    head, tail = json.dumps(bill(0)).encode().split(b'"b-0"')
    bad = same = 0
    with path.open("wb") as out:
        for number in range(1, RECORDS + 1):
            name = number - 1 if number % SAME_EVERY == 0 and (number - 1) % BAD_EVERY else number
            line = head + f'"b-{name}"'.encode() + tail
            if number % BAD_EVERY == 0:
                line, bad = line[: len(line) // 2], bad + 1
            elif name != number:
                same += 1
            out.write(line + (b"\n\n" if number % BLANK_EVERY == 0 else b"\n"))
    return bad, same


async def test_every_record_of_a_large_file_is_accounted_for_in_bounded_memory(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    bad, same = _written(folder / "million.ndjson")
    (folder / "million.ndjson.manifest").write_text(json.dumps({"records": RECORDS}))
    drop, sink = DropFolder(folder, tmp_path / "taken", now=lambda: time.time() + 60), CountingSink()
    tracemalloc.start()
    (report,) = await drop.look(sink)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    account = report.account
    assert (report.state, report.problem) == ("accepted", "")
    assert account.records == sink.records == RECORDS
    assert (account.quarantined, account.repeated) == (bad, same)
    assert account.accepted == RECORDS - bad - same
    assert account.reasons == {"not_json": bad}
    assert len(account.first) == min(bad, 50)
    assert peak < FIXED + PER_RECORD * RECORDS
    assert sink.largest < 2 << 20
