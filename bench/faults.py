"""Figures of what must never happen: records unaccounted for under overload, events lost or doubled by a crash.

``YAODUN_BENCH_SECONDS`` (600) is how long the overload lasts, ``YAODUN_BENCH_KILLS`` (100) and ``YAODUN_BENCH_CUTS``
(20) how often the process is killed and the power cut.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import Row, figure
from infra.store.seams import SourceCount
from tests.faults import test_store_faults as faults
from tests.integration.test_loss_account import TIGHT, Site

SOURCES = 3


@figure("overload_unaccounted")
def overload() -> Iterator[Row]:
    """Three senders that never wait, against a spool of four MiB: received less stored, quarantined and duplicates,
    and what the senders know to be acknowledged less what was received."""
    seconds = int(os.environ.get("YAODUN_BENCH_SECONDS", "600"))
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        acknowledged, held_back, counts = asyncio.run(_flood(Path(folder), seconds))
    total = SourceCount()
    for count in counts.values():
        total = SourceCount(*(a + b for a, b in zip(_numbers(total), _numbers(count), strict=True)))
    apart = abs(total.received - total.stored - total.quarantined - total.duplicates) + abs(
        acknowledged - total.received
    )
    note = "" if seconds >= 600 else f"{seconds} s instead of 600"
    told = f"{acknowledged} acknowledged, {held_back} told to wait"
    yield Row("overload_unaccounted", apart, "events", told, value_note=note)


def _numbers(count: SourceCount) -> tuple[int, ...]:
    return (count.stored, count.quarantined, count.received, 0, count.duplicates)


async def _flood(folder: Path, seconds: int) -> tuple[int, int, dict[str, SourceCount]]:
    site, told = Site(folder, TIGHT), [0, 0]
    await site.start()
    end = time.monotonic() + seconds
    body = b'{"create":{"_index":"loud"}}\n{"message":"' + b"x" * 300 + b'"}\n'

    async def loud() -> None:
        while time.monotonic() < end:
            reply = await site.http.post("/_bulk", content=body * 500)
            told[reply.status_code != 200] += 500
            await asyncio.sleep(0)

    await asyncio.gather(*(loud() for _ in range(SOURCES)))
    await site.stop()
    counts = site.counts()
    site.close()
    return told[0], told[1], counts


@figure("kill9_lost_or_doubled")
def killed() -> Iterator[Row]:
    """Kills amid spooling, storing and compacting, then power cuts with what was not synced dropped."""
    kills = int(os.environ.get("YAODUN_BENCH_KILLS", "100"))
    cuts = int(os.environ.get("YAODUN_BENCH_CUTS", "20")) if shutil.which("gcc") else 0
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        bad, events = _kills(Path(folder) / "kills", kills)
        cut_bad, cut_events = _cuts(Path(folder), cuts)
    note = "" if kills >= 100 and cuts >= 20 else f"{kills} kills and {cuts} cuts instead of 100 and 20"
    text = f"{events + cut_events} events acknowledged before {kills} kills and {cuts} power cuts"
    yield Row("kill9_lost_or_doubled", bad + cut_bad, "events", text, value_note=note)


def _kills(folder: Path, kills: int) -> tuple[int, int]:
    folder.mkdir()
    rng, acknowledged = random.Random(11), list[int]()
    for turn in range(kills):
        acknowledged += faults.run_and_kill(folder, turn * 1_000_000, rng, {})
    return _bad(folder, acknowledged), len(acknowledged)


def _cuts(base: Path, cuts: int) -> tuple[int, int]:
    if not cuts:
        return 0, 0
    shim, folder, shadow = base / "keep_synced.so", base / "site", base / "shadow"
    source = Path(faults.__file__).with_name("keep_synced.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(shim), str(source), "-ldl"], check=True, timeout=60)
    rng, acknowledged = random.Random(23), list[int]()
    watched = {"LD_PRELOAD": str(shim), "KEEP_SYNCED_WATCHED": str(folder), "KEEP_SYNCED_SHADOW": str(shadow)}
    for turn in range(cuts):
        folder.mkdir(exist_ok=True)
        shutil.rmtree(shadow, ignore_errors=True)
        faults.settle(folder, shadow)
        acknowledged += faults.run_and_kill(folder, turn * 1_000_000, rng, watched)
        faults.restore(shadow, folder)
    return _bad(folder, acknowledged), len(acknowledged)


def _bad(folder: Path, acknowledged: list[int]) -> int:
    found = faults.finish(folder)
    return sum(not found[one] for one in acknowledged) + sum(times > 1 for times in found.values())
