"""``yaodun replay``: files through the running platform, by the same socket the agent uses."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Select, select

from collectors.agent.wire import Ack, Batch, Hello, Placed, ToAgent, Welcome, decoder_of, pack, read_message
from collectors.files import FileKind, file_frames
from collectors.frames import FrameKind, pack_records
from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind
from infra.events import Event, Frame
from infra.ids import new_id
from infra.records.chunks import chunked
from infra.spool import SpoolPosition, SpoolReader
from infra.spool.bookmark import Bookmark
from infra.spool.mark import Mark
from infra.store.query.tree import Query, Term, Window
from infra.store.seams import EventStore, SourceCount
from ops.alerts.record import AlertSignal
from yaodun.site import Site, existing_site
from yaodun.terminal import command, emit_one, home_of

PER_BATCH = 50
PREFIX = "replay:"
PAGE = 1000


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(commands, "replay", "send files through the running platform", "yaodun replay auth.log --wait")
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--quarantined", action="store_true", help="what was quarantined, instead of files")
    parser.add_argument("--since", metavar="T", help="with --quarantined: not before T (default: 30 days ago)")
    parser.add_argument("--kind", default="auto", choices=[str(kind) for kind in FileKind], help="what the files are")
    parser.add_argument("--wait", action="store_true", help="until all is parsed, matched and stored")
    parser.add_argument("--timeout", type=float, default=600.0, metavar="S", help="give up waiting after S seconds")


def run(args: argparse.Namespace) -> int:
    """Send, maybe wait, print the counts; 1 where something was quarantined."""
    site = existing_site(home_of(args))
    if bool(args.files) == args.quarantined:
        raise AppError(ErrorKind.INVALID, "yaodun.replay_what", place="replay")
    source = f"{PREFIX}{args.files[0].name if args.files else 'quarantine'}@{new_id()[-8:]}"
    frames = frames_of(args.files, FileKind(args.kind), source) if args.files else quarantined(site, args.since, source)
    sent = asyncio.run(send(site.home.run / "agent.sock", frames))
    answer: dict[str, Any] = {"source": source, "received": sent}
    if args.wait:
        store = site.open_store(read_only=True)
        found = wait_stored(store, source, sent, args.timeout)
        wait_correlated(site, args.timeout)
        answer |= {
            "stored": found.stored,
            "quarantined": found.quarantined,
            "alerts": count_alerts(site, store, source),
        }
    emit_one(answer, args)
    return 1 if answer.get("quarantined") else 0


def frames_of(files: list[Path], kind: FileKind, source: str) -> Iterator[Frame]:
    """The frames of all files, in order."""
    for path in files:
        yield from file_frames(path, kind, source=source)


def quarantined(site: Site, since: str | None, source: str) -> Iterator[Frame]:
    """The quarantined records as frames again, each whole as it came."""
    now = site.clock.now()
    start = parse_rfc3339(since, "--since") if since else now - timedelta(days=30)
    query = Query(streams=("quarantine",), window=Window(start, now + timedelta(minutes=5)), limit=PAGE)
    store = site.open_store(read_only=True)
    while True:
        page = store.search(query)
        yield from (again(event, source) for event in page.events)
        if page.after is None:
            return
        query = msgspec.structs.replace(query, after=page.after)


def again(event: Event, source: str) -> Frame:
    """The frame that brings one quarantined record once more."""
    raw = event.get("yaodun.raw.bytes") or str(event["event.original"]).encode()
    kind = FrameKind.NDJSON if raw[:1] == b"{" else FrameKind.SYSLOG
    body = pack_records([raw]) if kind is FrameKind.SYSLOG else raw
    return Frame(source=source, kind=kind, count=1, received_ns=time.time_ns(), body=body)


async def send(socket: Path, frames: Iterator[Frame]) -> int:
    """Deliver frames, each acknowledged after it is durable; how many records they hold."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket), limit=1 << 20)
    except OSError:
        raise AppError(ErrorKind.UNAVAILABLE, "yaodun.not_running", place=str(socket.parent.parent)) from None
    decoder = decoder_of(ToAgent)
    writer.write(pack(Hello(f"replay-{new_id()}", "replay")))
    await writer.drain()
    assert isinstance(await read_message(reader, decoder), Welcome)
    sent = 0
    batch: list[Placed] = []
    for position, frame in enumerate(frames, 1):
        batch.append(Placed(SpoolPosition(1, position), frame))
        sent += frame.count
        if len(batch) >= PER_BATCH:
            await _deliver(reader, writer, decoder, batch)
            batch = []
    if batch:
        await _deliver(reader, writer, decoder, batch)
    writer.close()
    await writer.wait_closed()
    return sent


async def _deliver(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, decoder: Any, batch: list[Placed]
) -> None:
    writer.write(pack(Batch(batch)))
    await writer.drain()
    while True:
        answer = await read_message(reader, decoder)
        if isinstance(answer, Ack) and answer.position >= batch[-1].position:
            return


def wait_stored(store: EventStore, source: str, sent: int, timeout_s: float) -> SourceCount:
    """The counts of ``source`` once everything it sent is taken in."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = store.counts().get(source, SourceCount())
        if found.received >= sent:
            return found
        if time.monotonic() > deadline:
            raise AppError(ErrorKind.UNAVAILABLE, "yaodun.replay_slow", place=source, done=found.received, sent=sent)
        time.sleep(0.1)


def wait_correlated(site: Site, timeout_s: float) -> None:
    """Until every signal handed over so far has been counted on its alert."""
    mark = Mark(site.home.signal_spool, write=False)
    target = mark.get()
    mark.close()
    bookmark = Bookmark(site.home.state / "signals.bookmark")
    deadline = time.monotonic() + timeout_s
    while (reached := bookmark.load()) < target and SpoolReader(site.home.signal_spool, reached).lag_bytes():
        if time.monotonic() > deadline:
            raise AppError(ErrorKind.UNAVAILABLE, "yaodun.replay_slow", place="signals", done=0, sent=0)
        time.sleep(0.1)


def count_alerts(site: Site, store: EventStore, source: str) -> int:
    """How many alerts the signals of ``source`` are counted on."""
    ids = signal_ids(site, store, source)
    alerts: set[str] = set()
    for part in chunked(ids, 500):
        statement = select(AlertSignal.alert_id).where(AlertSignal.signal_id.in_(part))
        alerts.update(_scalars(site, statement))
    return len(alerts)


def signal_ids(site: Site, store: EventStore, source: str) -> list[str]:
    """The ids of all signals that ``source`` made."""
    now = site.clock.now()
    window = Window(now - timedelta(days=36_500), now + timedelta(days=1))
    chosen = Term("yaodun.source", source)
    query = Query(streams=("signals",), window=window, limit=PAGE, filter=chosen, fields=("yaodun.signal.id",))
    found: list[str] = []
    while True:
        page = store.search(query)
        found += [event["yaodun.signal.id"] for event in page.events]
        if page.after is None:
            return found
        query = msgspec.structs.replace(query, after=page.after)


def _scalars(site: Site, statement: Select[str]) -> list[str]:
    return site.records.read(lambda session: list(session.scalars(statement)))
