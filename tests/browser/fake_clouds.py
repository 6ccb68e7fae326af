"""Generated clouds and probes: inventory, capacity, findings, looks and what they found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from collectors.cloud.picture import CloudWatch, Picture, Thing, Usage, Workload
from infra.events.stream import Event

TARGETS = (("门户首页", "https://portal.example/", True, 61.0), ("电子证照验证", "10.0.3.9:443", True, 12.0),
           ("域名解析", "10.0.0.53", False, None), ("追溯库", "10.0.3.20:5432", True, None))  # fmt: skip


def cloud_events(now: datetime) -> dict[str, list[Event]]:
    """What a watch of one cloud tells of a picture that has something of everything; by stream."""
    machines = [
        Thing(
            id=f"vm-{each}",
            name=f"web-{each}",
            tenant="supervision" if each % 2 else "portal",
            host=f"node-{each % 3}",
            state="ACTIVE",
            links=("net-1",),
            addresses=(f"10.20.0.{each}",),
            facts={"flavor": "4c8g"},
        )
        for each in range(1, 13)
    ]
    picture = Picture(
        things={
            "machine": machines,
            "host": [Thing(id=f"node-{each}", name=f"node-{each}", state="up") for each in range(3)],
            "tenant": [Thing(id="supervision", name="supervision"), Thing(id="portal", name="portal")],
            "network": [Thing(id="net-1", name="business-net", tenant="portal")],
            "image": [Thing(id="img-1", name="debian-12", visibility="public")],
            "snapshot": [
                Thing(id="snap-1", name="trace-db-copy", tenant="other", links=("vol-1",), visibility="shared")
            ],
            "volume": [Thing(id="vol-1", name="trace-db", tenant="supervision", facts={"size_gib": "500"})],
        },
        usage={
            "supervision/cores": Usage(used=46, limit=48),
            "portal/cores": Usage(used=12, limit=48),
            "node-1/memory": Usage(used=210, limit=256),
        },
        workloads={"deployment/portal": Workload(wanted=3, ready=2)},
    )
    watch = CloudWatch("province", "openstack", ("web-*",))
    at = now - timedelta(minutes=3)
    return _numbered(watch.update(picture, int(at.timestamp() * 1000)), at, 800_000)


def probe_events(now: datetime) -> dict[str, list[Event]]:
    """Six hours of looks and three changes."""
    made: list[Event] = []
    for step in range(72):
        at = now - timedelta(minutes=5 * step)
        for label, where, up, left in TARGETS:
            values = {"probe.up": float(up), "probe.duration": 0.04 + step % 7 / 100}
            if left is not None:
                values["certificate.days_left"] = left
            made += [
                _look(at, label, where)
                | {
                    "event.kind": "metric",
                    "yaodun.metric.name": name,
                    "yaodun.metric.value": value,
                    "yaodun.metric.instance": label,
                    "yaodun.stream": "metrics",
                }
                for name, value in values.items()
            ]
    for number, (action, label, why) in enumerate(
        (
            ("probe-failed", "域名解析", "time-out"),
            ("tls-trouble", "电子证照验证", "certificate-expires"),
            ("page-changed", "门户首页", "title: '药品监管' -> 'hacked'"),
        )
    ):
        made.append(
            _look(now - timedelta(minutes=20 * number + 1), label, "")
            | {
                "event.kind": "event",
                "event.action": action,
                "event.reason": why,
                "message": why,
                "yaodun.stream": "logs",
            }
        )
    return _numbered(made, now, 820_000)


def _look(at: datetime, label: str, where: str) -> Event:
    return {
        "@timestamp": at,
        "event.module": "probe",
        "event.dataset": "probe.look",
        "observer.name": "srv-01",
        "service.name": label,
        "url.original": where,
    }


def _numbered(events: list[Event], at: datetime, first: int) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {"logs": [], "metrics": [], "inventory": []}
    numbers: Iterator[int] = count(first)
    for event in events:
        kept: dict[str, Any] = {key: value for key, value in event.items() if value is not None}
        moment = kept["@timestamp"] if isinstance(kept["@timestamp"], datetime) else at
        kept |= {
            "@timestamp": moment,
            "event.id": f"E-{next(numbers)}",
            "ecs.version": "9.4.0",
            "yaodun.source": "srv-01/openstack",
        }
        found[kept["yaodun.stream"]].append(kept)
    return found
