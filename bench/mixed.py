"""Mixed security events for measurements: 27 fields, about 855 bytes each as NDJSON, Zipf addresses and users.

One event in 100,000 carries a rare indicator in its message, one in 1,000 an encoded PowerShell command line.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import orjson

START = datetime(2026, 11, 17, tzinfo=UTC)
RARE = "ioc7f3a9c"
_KINDS = ("sshd", "nginx", "named", "audit", "windows")
_ACTIONS = ("ssh_login", "http_request", "dns_query", "executed", "logged-in")
_CATEGORIES = ("authentication", "web", "network", "process", "iam")
_METHODS = ("GET", "POST", "HEAD", "PUT")
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
    "curl/8.5.0",
    "python-requests/2.32",
    "Go-http-client/2.0",
)


def _zipf(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    return np.minimum(rng.zipf(1.2, count) - 1, size - 1)


def events(count: int, seed: int = 1, first: int = 0, start: datetime = START, span: timedelta = timedelta(days=7),
           total: int | None = None) -> Iterator[dict[str, Any]]:  # fmt: skip
    """``count`` conformed events in order of time, numbered from ``first`` of ``total`` spread evenly over ``span``."""
    rng = np.random.default_rng(seed + first)
    kinds = rng.choice(5, count, p=[0.3, 0.3, 0.2, 0.15, 0.05])
    sources, users, hosts = _zipf(rng, 300_000, count), _zipf(rng, 50_000, count), rng.integers(0, 400, count)
    numbers = rng.integers(0, 1 << 30, (count, 4))
    whole = total or count
    step = span / whole
    jitter = rng.random(count)
    for at in range(count):
        moment = start + step * (first + at + float(jitter[at]) * 0.5)
        yield _event(first + at, moment, int(kinds[at]), int(sources[at]), int(users[at]), int(hosts[at]), numbers[at])


def _event(n: int, at: datetime, kind: int, source: int, user: int, host: int, r: np.ndarray) -> dict[str, Any]:
    a, b, c, d = (int(x) for x in r)
    ip = f"{11 + source % 200}.{source // 200 % 256}.{source // 51200 % 256}.{source % 251 + 1}"
    bad = a % 7 == 0
    name, node = f"user{user:05d}", f"srv-{host:03d}.drug.example"
    message = _message(kind, ip, name, bad, b, c)
    if n % 100_000 == 77:
        message += f" {RARE}"
    command = f"/usr/bin/python3 /opt/app/worker.py --task {c % 977} --shard {d % 64} --queue default"
    if n % 1000 == 500:
        command = f"powershell.exe -NoProfile -WindowStyle Hidden -EncodedCommand SQBFAFgAIAAo{b:x}{c:x}"
    return {
        "@timestamp": at,
        "event.id": f"{at:%Y%m%d%H}-{_identity(a, b, c, d, n)}",
        "event.kind": "event",
        "event.category": [_CATEGORIES[kind]],
        "event.action": _ACTIONS[kind],
        "event.outcome": "failure" if bad else "success",
        "event.module": _KINDS[kind],
        "event.dataset": f"{_KINDS[kind]}.log",
        "event.severity": b % 5 + 2,
        "event.ingested": at + timedelta(milliseconds=a % 3000),
        "message": message,
        "host.name": node,
        "source.ip": ip,
        "source.port": 1024 + c % 64000,
        "destination.ip": f"10.20.{host // 250}.{host % 250 + 1}",
        "destination.port": (22, 443, 53, 8080, 445)[kind],
        "network.transport": "udp" if kind == 2 else "tcp",
        "network.bytes": d % 100_000,
        "user.name": name,
        "process.name": _KINDS[kind],
        "process.pid": 300 + b % 30_000,
        "process.command_line": command,
        "url.original": f"/api/v1/drugs/{c % 5000}/batches?page={d % 40}",
        "http.request.method": _METHODS[b % 4],
        "http.response.status_code": (200, 200, 304, 404, 500)[c % 5],
        "user_agent.original": _AGENTS[d % 4],
        "yaodun.source": f"agent-{host % 50:02d}",
    }


def _identity(a: int, b: int, c: int, d: int, n: int) -> str:
    import base64

    return base64.urlsafe_b64encode((a << 98 | b << 68 | c << 38 | n).to_bytes(16, "big")).decode().rstrip("=")


def _message(kind: int, ip: str, user: str, bad: bool, b: int, c: int) -> str:
    if kind == 0:
        verb = "Failed password" if bad else "Accepted publickey"
        return f"{verb} for {user} from {ip} port {1024 + c % 64000} ssh2: session {b % 99991:x}"
    if kind == 1:
        return f'{ip} - {user} "GET /api/v1/drugs/{c % 5000} HTTP/1.1" {500 if bad else 200} {b % 90000} rt={c % 977}ms'
    if kind == 2:
        return f"client {ip}#{c % 64000}: query: host{b % 20000}.drug.example IN A + ({user})"
    if kind == 3:
        words = "执行程序失败" if bad else "执行程序成功"
        return f"type=EXECVE msg=audit({b % 10**9}.{c % 1000}:{b % 99999}): argc=3 uid={user} {words}"
    return f"An account was {'denied' if bad else 'logged on'}. Account {user} Source {ip} LogonType {c % 11} 登录"


def ndjson(made: list[dict[str, Any]]) -> bytes:
    """``made`` as NDJSON with RFC 3339 times."""
    return b"".join(orjson.dumps(one) + b"\n" for one in made)
