"""How fast a revoked agent and a revoked device are cut off, at a real ingest: the slower of both counts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

import bench.agents
from bench import Row, figure
from collectors.sensing.device import Device
from infra.store.query.tree import Query, Term, Window
from tests.agents import until
from yaodun.console import console_actor
from yaodun.site import Site

CONNECTIONS, TIMES, EVERY_S, AFTER_S = 20, 5, 0.02, 6.0


@figure("revoked_cut_s")
def cut_off() -> Iterator[Row]:
    """Twenty agents connected and a device that speaks fifty times a second; five of each are revoked in turn."""
    with tempfile.TemporaryDirectory(prefix="yaodun-bench-") as folder:
        agent, device = asyncio.run(_cut_off(Path(folder)))
    print(f"agent {agent:.2f} s, device {device:.2f} s", file=sys.stderr)
    yield Row("revoked_cut_s", round(max(agent, device), 2), "s")


async def _cut_off(folder: Path) -> tuple[float, float]:
    platform = bench.agents.Platform(folder)
    site = await platform.prepare()
    simulated = await bench.agents.connections(site, folder, platform.port, CONNECTIONS)
    await platform.start()
    tasks = [asyncio.create_task(each.run()) for each in simulated]
    try:
        await until(lambda: all(each.done for each in simulated), 120)
        agent = await bench.agents.revoke(site, simulated)
        device = max([await _device(site, platform.http, f"cs-{number}") for number in range(TIMES)])
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await platform.end(signal.SIGKILL)
        site.records.close()
    return agent, device


async def _device(site: Site, door: str, name: str) -> float:
    """Seconds from the revocation until the last reading that was still taken."""
    actor, made = console_actor(), Device(id=name)
    site.devices.save(actor, made)
    secret = site.tokens.create_source(actor, f"gateway-{name}", 1).secret
    speaking = asyncio.create_task(_speak(door, secret, name))
    store, began = site.open_store(read_only=True), datetime.now(UTC) - timedelta(minutes=1)
    query = Query(
        streams=("metrics",), window=Window(began, began + timedelta(hours=1)), filter=Term("yaodun.sensor.id", name),
        limit=1,
    )  # fmt: skip
    try:
        await until(lambda: bool(store.search(query).total), 60)
        revoked = datetime.now(UTC)
        await asyncio.to_thread(site.devices.save, actor, msgspec.structs.replace(made, revoked=True))
        await asyncio.sleep(AFTER_S)
        [last] = store.search(query).events
    finally:
        speaking.cancel()
        await asyncio.gather(speaking, return_exceptions=True)
        store.close()
    return max(0.0, (last["event.created"] - revoked).total_seconds())


async def _speak(door: str, secret: str, name: str) -> None:
    number = time.time_ns() // 1_000_000
    async with httpx.AsyncClient(base_url=door, headers={"authorization": f"Bearer {secret}"}) as client:
        while True:
            number += 1
            body = json.dumps({"device": name, "sequence": number, "readings": {"temperature": 5.0}})
            with contextlib.suppress(httpx.HTTPError):
                await client.post(f"/sensing/yaodun/{name}/readings", content=body)
            await asyncio.sleep(EVERY_S)
