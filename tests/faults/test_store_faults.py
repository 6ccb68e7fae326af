"""Kill and cut the power amid spooling, storing and compacting: what was acknowledged is stored, and once."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from infra.clock import SystemClock
from infra.events.stream import Stream
from infra.spool import SpoolReader, SpoolWriter
from infra.store.embedded import EmbeddedStore
from infra.store.seams import Batch, SourceCount
from tests.faults.store_worker import EACH, LIMITS, event

FULL = os.environ.get("YAODUN_PROVE") == "full"
KILLS = 100 if FULL else 4
CUTS = 20 if FULL else 3
ROOT = Path(__file__).parents[2]


def run_and_kill(folder: Path, first: int, rng: random.Random, environment: dict[str, str]) -> list[int]:
    """Numbers that were acknowledged before the process was killed, a random while after its first word."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.store_worker", str(folder), str(first)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    begun = process.stdout.readline()
    time.sleep(rng.uniform(0.05, 1.2))
    process.send_signal(signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    assert begun, err.decode()[-2000:]
    acknowledged: list[int] = []
    for line in (begun + out).split(b"\n")[:-1]:
        low, high = map(int, line.split())
        acknowledged += range(low, high)
    return acknowledged


def finish(folder: Path) -> Counter[int]:
    """Move what the spool still has into the store; how often each number is there then."""
    store = EmbeddedStore(folder / "events", SystemClock())
    SpoolWriter(folder / "spool", LIMITS, floor=store.committed("ingest").segment).close()
    reader = SpoolReader(folder / "spool", store.committed("ingest"))
    while taken := reader.read():
        events = [event(int(line), frame) for frame, _ in taken for line in frame.body.split(b"\n")]
        counts = {"agent": SourceCount(stored=len(events), received=len(events))}
        store.append(Batch(spool="ingest", position=taken[-1][1], events={Stream.LOGS: events}, counts=counts))
    assert reader.damaged_bytes == 0
    reader.close()
    found: Counter[int] = Counter()
    for segment in store.manifest.live():
        rows = store.engine.rows(f"SELECT message FROM read_parquet('{folder / 'events' / segment.path}')", {})
        found.update(int(message.split()[1]) for (message,) in rows)
    assert store.counts()["agent"].stored == found.total()
    store.close()
    return found


def check(found: Counter[int], acknowledged: list[int]) -> None:
    assert len(acknowledged) > EACH
    lost = [number for number in acknowledged if not found[number]]
    doubled = [number for number, times in found.items() if times > 1]
    assert (lost, doubled) == ([], [])


@pytest.mark.faults
@pytest.mark.slow
def test_kill_9_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    rng = random.Random(11)
    acknowledged: list[int] = []
    for turn in range(KILLS):
        acknowledged += run_and_kill(tmp_path, turn * 1_000_000, rng, {})
    check(finish(tmp_path), acknowledged)


@pytest.fixture(scope="module")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library that keeps what was synced."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc: not found; run: apt-get install gcc libc6-dev")
    made = tmp_path_factory.mktemp("shim") / "keep_synced.so"
    source = Path(__file__).with_name("keep_synced.c")
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True, timeout=60)
    return made


def restore(shadow: Path, folder: Path) -> None:
    """Put back what the disk held: synced names with synced bytes; a name whose file was never synced is empty."""
    shutil.rmtree(folder)
    _restore(shadow / "data", folder)


def _restore(kept: Path, into: Path) -> None:
    into.mkdir(mode=0o700)
    names = kept / ".names"
    for name in names.read_text().splitlines() if names.exists() else []:
        if (kept / name).is_dir():
            _restore(kept / name, into / name)
        elif (kept / name).exists():
            shutil.copyfile(kept / name, into / name)
        else:
            (into / name).touch()


@pytest.mark.faults
@pytest.mark.slow
def test_power_cuts_lose_nothing_and_double_nothing(tmp_path: Path, shim: Path) -> None:
    rng = random.Random(23)
    folder, shadow = tmp_path / "site", tmp_path / "shadow"
    acknowledged: list[int] = []
    for turn in range(CUTS):
        folder.mkdir(exist_ok=True)
        shutil.rmtree(shadow, ignore_errors=True)
        settle(folder, shadow)
        environment = {
            "LD_PRELOAD": str(shim),
            "KEEP_SYNCED_WATCHED": str(folder),
            "KEEP_SYNCED_SHADOW": str(shadow),
        }
        acknowledged += run_and_kill(folder, turn * 1_000_000, rng, environment)
        restore(shadow, folder)
    check(finish(folder), acknowledged)


def settle(folder: Path, shadow: Path) -> None:
    """What lies in ``folder`` now is on the disk."""
    target = shadow / "data"
    target.mkdir(parents=True)
    for place, folders, files in os.walk(folder):
        kept = target / Path(place).relative_to(folder)
        kept.mkdir(exist_ok=True)
        (kept / ".names").write_text("".join(f"{name}\n" for name in [*folders, *files]))
        for name in files:
            shutil.copyfile(Path(place) / name, kept / name)
    for name in ("spool", "events"):
        (folder / name).mkdir(exist_ok=True)
    names = {path.name for path in folder.iterdir()}
    (target / ".names").write_text("".join(f"{name}\n" for name in sorted(names)))
