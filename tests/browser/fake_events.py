"""A real embedded store with generated events of one host: logs, metrics, inventory."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from infra.clock import Clock
from infra.events.stream import Event, Stream
from infra.store.embedded.store import EmbeddedStore
from infra.store.seams import Batch, SourceCount, SpoolPosition
from tests.browser.fake_clouds import cloud_events, probe_events
from tests.browser.fake_devices import network_events, sensing_events

HOST = "srv-01"
LISTENERS = (
    (22, "0.0.0.0", "sshd"),
    (8443, "127.0.0.1", "python3"),
    (5514, "0.0.0.0", "python3"),
    (6379, "10.0.4.12", "redis-server"),
)
PROCESSES = (
    ("systemd", "/sbin/init", 1, 0),
    ("sshd", "/usr/sbin/sshd -D", 612, 1),
    ("python3", "python3 -m yaodun up", 4000, 1),
    ("redis-server", "redis-server *:6379", 911, 1),
)


def event_store(folder: Path, clock: Clock, hours: int = 24) -> EmbeddedStore:
    """The store, filled with a day of events up to now."""
    store = EmbeddedStore(folder, clock)
    now = clock.now()
    dice = random.Random(11)
    switches = network_events(now)
    clouds, looks = cloud_events(now), probe_events(now)
    events = {
        Stream.LOGS: [*_logs(now, hours, dice), *clouds["logs"], *looks["logs"]],
        Stream.METRICS: [
            *_metrics(now, hours, dice),
            *sensing_events(now),
            *switches[1],
            *clouds["metrics"],
            *looks["metrics"],
        ],
        Stream.INVENTORY: [*_inventory(now), *switches[0], *clouds["inventory"]],
    }
    counts = {"test": SourceCount(stored=sum(len(group) for group in events.values()))}
    store.append(Batch(spool="test", position=SpoolPosition(1, 1), events=events, counts=counts))
    return store


def _event(number: int, at: datetime, **fields: Any) -> Event:
    event: Event = {"@timestamp": at, "event.id": f"E-{number}", "host.name": HOST, "ecs.version": "9.4.0"}
    return event | {name.replace("__", "."): value for name, value in fields.items()}


def _logs(now: datetime, hours: int, dice: random.Random) -> list[Event]:
    made = []
    for number in range(1, 2000):
        at = now - timedelta(seconds=hours * 3600 * (number / 2000) ** 1.3 + 1)
        user, address = dice.choice(("root", "admin", "svc_trace")), f"203.0.113.{dice.randrange(2, 40)}"
        failed = dice.random() < 0.4
        word = "Failed" if failed else "Accepted"
        line = f"{at:%b %d %H:%M:%S} {HOST} sshd[{dice.randrange(900, 9000)}]: {word} password for {user} "
        line += f"from {address} port "
        line += f"{dice.randrange(20000, 60000)} ssh2"
        made.append(
            _event(
                number,
                at,
                event__action="ssh_login",
                event__outcome="failure" if failed else "success",
                event__category=["authentication"],
                event__type=["start"],
                user__name=user,
                source__ip=address,
                process__name="sshd",
                message=line.split("]: ")[1],
                event__original=line,
                yaodun__source="file:/var/log/auth.log",
                yaodun__stream="logs",
            )
        )
    return made


def _metrics(now: datetime, hours: int, dice: random.Random) -> list[Event]:
    made, number = [], 100_000
    for step in range(hours * 12):
        at = now - timedelta(minutes=5 * step)
        load = 0.3 + 0.15 * math.sin(step / 20) + dice.random() * 0.1
        for name, value, unit, instance in (
            ("cpu.usage", load, "ratio", ""),
            ("memory.used", 0.42 + dice.random() * 0.02, "ratio", ""),
            ("disk.used", 0.41, "ratio", "/"),
            ("disk.used", 0.12, "ratio", "/boot"),
            ("load.1", load * 4, "ratio", ""),
        ):
            number += 1
            fields = {
                "yaodun__metric__name": name,
                "yaodun__metric__value": value,
                "yaodun__metric__unit": unit,
                "yaodun__source": "host/metrics",
                "yaodun__stream": "metrics",
            }
            made.append(_event(number, at, **fields, **({"yaodun__metric__instance": instance} if instance else {})))
    return made


def _inventory(now: datetime) -> list[Event]:
    made, number = [], 200_000
    for port, address, name in LISTENERS:
        number += 1
        made.append(
            _event(
                number,
                now - timedelta(minutes=1),
                yaodun__inventory__kind="listener",
                yaodun__inventory__key=f"tcp/{address}/{port}",
                yaodun__inventory__change="present",
                server__ip=address,
                destination__port=port,
                network__transport="tcp",
                process__name=name,
                yaodun__source="host/inventory",
                yaodun__stream="inventory",
            )
        )
    for name, line, pid, parent in PROCESSES:
        number += 1
        made.append(
            _event(
                number,
                now - timedelta(minutes=1),
                yaodun__inventory__kind="process",
                yaodun__inventory__key=str(pid),
                yaodun__inventory__change="present",
                process__pid=pid,
                process__name=name,
                process__command_line=line,
                process__parent__pid=parent,
                user__name="root",
                yaodun__source="host/inventory",
                yaodun__stream="inventory",
            )
        )
    return made
