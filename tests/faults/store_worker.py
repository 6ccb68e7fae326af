"""A process that takes numbered frames into a spool, says which are acknowledged, and moves them into a store.

``python -m tests.faults.store_worker FOLDER FIRST``: prints the range of each delivery that is
acknowledged, from FIRST on, until it is killed. Compaction runs beside it as keeper's would.
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from infra.clock import SystemClock
from infra.events.frame import Frame
from infra.events.stream import Event, Stream
from infra.spool import Limits, SpoolPosition, SpoolReader, SpoolWriter
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Tiers, compact
from infra.store.seams import Batch, SourceCount

LIMITS = Limits(total=1 << 22, segment=1 << 16, reserve=0)
EACH = 7


def event(number: int, frame: Frame) -> Event:
    return {
        "@timestamp": frame.received,
        "event.ingested": frame.received,
        "event.id": f"{frame.arrival_hour}-{number:09d}",
        "message": f"number {number}",
        "yaodun.source": frame.source,
    }


def send(spool: SpoolWriter, first: int) -> None:
    number = first
    while True:
        body = b"\n".join(str(one).encode() for one in range(number, number + EACH))
        spool.append([Frame("agent", "numbers", EACH, time.time_ns(), body)])
        sys.stdout.write(f"{number} {number + EACH}\n")
        sys.stdout.flush()
        number += EACH


def move(folder: Path, store: EmbeddedStore) -> None:
    reader = SpoolReader(folder / "spool", store.committed("ingest"))
    while True:
        taken = reader.read(max_frames=20)
        if not taken:
            time.sleep(0.005)
            continue
        events = [event(int(line), frame) for frame, _ in taken for line in frame.body.split(b"\n")]
        position: SpoolPosition = taken[-1][1]
        counts = {"agent": SourceCount(stored=len(events), received=len(events))}
        store.append(Batch(spool="ingest", position=position, events={Stream.LOGS: events}, counts=counts))
        reader.release(position)


def keep(store: EmbeddedStore) -> None:
    from datetime import timedelta

    while True:
        compact(store, Tiers(width=4, full_rows=2000, grace=timedelta(seconds=0.1)))
        time.sleep(0.05)


def main() -> None:
    folder, first = Path(sys.argv[1]), int(sys.argv[2])
    store = EmbeddedStore(folder / "events", SystemClock())
    spool = SpoolWriter(folder / "spool", LIMITS, floor=store.committed("ingest").segment)
    workers = [
        threading.Thread(target=send, args=(spool, first)),
        threading.Thread(target=move, args=(folder, store)),
        threading.Thread(target=keep, args=(store,)),
    ]
    for worker in workers:
        worker.start()


if __name__ == "__main__":
    main()
