"""Events of a small site, hour by hour, and what an intruder does in the last one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from infra.events.stream import Event, Stream
from infra.spool.position import SpoolPosition
from infra.store.seams import Batch, EventStore, SourceCount

USERS = [f"user{i}" for i in range(30)]
WORDS = {"success": "Accepted", "failure": "Failed"}
HOSTS = [f"host{i}" for i in range(10)]
TREES = [("systemd", "cron"), ("sshd", "bash"), ("bash", "ls"), ("bash", "python3")]


class Site:
    """Writes hours into a store. Everything is drawn from one seed."""

    def __init__(self, store: EventStore, start: datetime, seed: int = 0) -> None:
        self.store, self.now, self.rng, self.number = store, start, np.random.default_rng(seed), 0

    def hour(self, intruder: bool = False) -> None:
        """An hour of ordinary work, with or without the intruder."""
        logs, flows = list(self._logins()), list(self._flows())
        logs += self._processes()
        if intruder:
            logs += self._burst()
            logs += self._tree()
            flows += self._sweep()
            flows += self._exfiltration()
        self._write(logs, flows)
        self.now += timedelta(hours=1)

    def _event(self, **fields: Any) -> Event:
        self.number += 1
        moment = self.now + timedelta(seconds=float(self.rng.uniform(0, 3599)))
        named = {name.replace("__", "."): value for name, value in fields.items()}
        event_id = f"{self.now.strftime('%Y%m%d%H')}-test-{self.number}"
        return {"@timestamp": moment.replace(microsecond=0), "event.id": event_id, "yaodun.source": "agent", **named}

    def _login(self, user: str, host: str, outcome: str, source: str) -> Event:
        return self._event(
            event__category=["authentication"],
            event__outcome=outcome,
            user__name=user,
            host__name=host,
            source__ip=source,
            message=f"{WORDS[outcome]} password for {user} from {source} port 4711 ssh2",
        )

    def _logins(self) -> Iterator[Event]:
        for number, user in enumerate(USERS):
            for _ in range(int(self.rng.poisson(3))):
                host = HOSTS[(number + int(self.rng.integers(3))) % len(HOSTS)]
                outcome = "failure" if self.rng.random() < 0.08 else "success"
                yield self._login(user, host, outcome, f"10.0.1.{number}")

    def _processes(self) -> list[Event]:
        return [self._process(host, *TREES[int(self.rng.integers(len(TREES)))]) for host in HOSTS for _ in range(6)]

    def _process(self, host: str, parent: str, name: str) -> Event:
        return self._event(
            event__category=["process"], host__name=host, process__name=name, process__parent__name=parent
        )

    def _flow(self, source: str, destination: str, port: int, sent: int) -> Event:
        return self._event(
            event__category=["network"],
            source__ip=source,
            destination__ip=destination,
            destination__port=port,
            source__bytes=sent,
        )

    def _flows(self) -> Iterator[Event]:
        for number in range(len(USERS)):
            for _ in range(int(self.rng.poisson(4)) + 1):
                port = (443, 53, 22)[int(self.rng.integers(3))]
                yield self._flow(
                    f"10.0.1.{number}", f"10.0.2.{self.rng.integers(6)}", port, int(self.rng.lognormal(8, 1))
                )

    def _burst(self) -> list[Event]:
        return [self._login("user3", "host3", "failure", "10.0.1.3") for _ in range(80)]

    def _tree(self) -> list[Event]:
        return [self._process("host5", "nginx", "sh"), self._process("host5", "sh", "nc")]

    def _sweep(self) -> list[Event]:
        return [self._flow("10.0.1.7", "10.0.2.1", port, 60) for port in range(1, 400)]

    def _exfiltration(self) -> list[Event]:
        return [self._flow("10.0.1.9", "203.0.113.9", 443, 900_000_000)]

    def _write(self, logs: list[Event], flows: list[Event]) -> None:
        position = SpoolPosition(0, self.number)
        events = {Stream.LOGS: logs, Stream.FLOWS: flows}
        counts = {"agent": SourceCount(stored=len(logs) + len(flows))}
        self.store.append(Batch(spool="test", position=position, events=events, counts=counts))
