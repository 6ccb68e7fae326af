"""Looks at services again and again from this agent: one measurement per look, an event where something changed."""

from __future__ import annotations

import asyncio
import ssl
import time
from pathlib import Path
from typing import Annotated

import msgspec

from collectors.delivery import deliver
from collectors.frames import FrameKind
from collectors.pollers.seams import Poller, PollerSettings, Tree, settings_of
from collectors.probes.looks import (
    DATABASES,
    RECORDS,
    Look,
    UnhealthyError,
    look_database,
    look_dns,
    look_icmp,
    look_tcp,
    timed,
)
from collectors.probes.tamper import PageBaseline
from collectors.sources.reporting import Reporter, milliseconds
from infra.errors import AppError, ErrorKind
from infra.events.seams import EventSink
from infra.events.stream import Event, Stream

_encode = msgspec.msgpack.Encoder().encode
MAX_CHANGES = 20
_PORTS = {"postgresql": 5432, "mysql": 3306, "redis": 6379, "tls": 443}


class Target(PollerSettings, frozen=True, kw_only=True):
    """One thing to look at. ``type``: http, tls, dns, tcp, icmp, postgresql, mysql, redis. ``address`` is a URL for
    http, ``host:port`` or ``host`` for others, the name server for dns (``name`` and ``record`` are asked for).
    ``status`` and ``text`` are what a page must answer with; ``watch`` keeps its content against tampering after
    ``views`` looks; ``anchors`` is a file of authorities that may vouch."""

    type: str
    address: str
    label: str = ""
    name: str = ""
    record: str = "A"
    expect: tuple[str, ...] = ()
    status: Annotated[int, msgspec.Meta(ge=100, le=599)] = 200
    text: str = ""
    watch: bool = False
    views: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    anchors: str = ""
    warn_days: Annotated[float, msgspec.Meta(ge=0)] = 30.0
    interval_s: Annotated[float, msgspec.Meta(ge=1)] = 60.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0, le=120)] = 10.0


class ProbeSettings(PollerSettings, frozen=True, kw_only=True):
    """What this vantage point looks at."""

    target: Annotated[list[Target], msgspec.Meta(min_length=1, max_length=500)]


class Watched:
    """What is remembered of one target between looks."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.label = target.label or target.address
        self.up: bool | None = None
        self.troubles: list[str] = []
        self.page = PageBaseline()
        self.changes: list[tuple[str, str, str]] = []


class ProbePoller:
    """One table of the configuration."""

    def __init__(self, reporter: Reporter, settings: ProbeSettings) -> None:
        self._reporter = reporter
        self.watched = [Watched(target) for target in settings.target]

    async def run(self, sink: EventSink) -> None:
        """Until cancelled."""
        self._reporter.running()
        async with asyncio.TaskGroup() as group:
            for number, each in enumerate(self.watched):
                group.create_task(self._keep(each, number % 20 * 0.05, sink))

    async def _keep(self, each: Watched, delay_s: float, sink: EventSink) -> None:
        await asyncio.sleep(delay_s)
        while True:
            began = time.monotonic()
            documents = await self.look(each)
            await deliver(sink, [self._reporter.frame(FrameKind.DOCUMENTS, len(documents), _encode(documents))])
            await asyncio.sleep(max(0.1, each.target.interval_s - (time.monotonic() - began)))

    async def look(self, each: Watched) -> list[Event]:
        """Documents of one look: at least one measurement, whether there was an answer or not."""
        found = await timed(lambda: look_at(each.target), each.target.timeout_s)
        common: Event = {
            "@timestamp": milliseconds(self._reporter.now()), "event.module": "probe", "event.dataset": "probe.look",
            "observer.name": self._reporter.host.name, "host.name": None, "url.original": each.target.address,
            "service.name": each.label,
        }  # fmt: skip
        events = [*self._health(each, found), *self._tls(each, found), *self._content(each, found)]
        measured = {"probe.up": (float(found.up), ""), "probe.duration": (round(found.took_s, 6), "s"), **found.numbers}
        return [
            *({**common, **_metric(name, value, unit, each.label)} for name, (value, unit) in measured.items()),
            *({**common, **_facts(found), **event, "yaodun.stream": Stream.LOGS.value, "event.kind": "event",
               "event.duration": int(found.took_s * 1e9)} for event in events),
        ]  # fmt: skip

    def _health(self, each: Watched, found: Look) -> list[Event]:
        was, each.up = each.up, found.up
        if found.up == (was if was is not None else True):
            return []
        if found.up:
            return [_event("probe-recovered", "success", f"{each.label} answers again")]
        return [_event("probe-failed", "failure", f"{each.label}: {found.reason}", found.reason)]

    def _tls(self, each: Watched, found: Look) -> list[Event]:
        if each.target.type != "tls" or not found.up:
            return []
        from collectors.probes.tls_look import troubles

        facts = found.facts
        left = found.numbers.get("certificate.days_left", (1e9, ""))[0]
        reasons, weak = facts["yaodun.trust.reason"], facts["probe.tls.weak"]
        assert isinstance(reasons, list)
        assert isinstance(weak, list)
        now = troubles(str(facts["yaodun.trust.verdict"]), reasons, weak, left, each.target.warn_days)
        was, each.troubles = each.troubles, now
        if now == was:
            return []
        words = ", ".join(now) or "nothing is wrong any more"
        action, outcome = ("tls-trouble", "failure") if now else ("tls-good", "success")
        return [_event(action, outcome, f"{each.label}: {words}", words)]

    def _content(self, each: Watched, found: Look) -> list[Event]:
        """Learns from the first looks; then tells a change once, and again only where it changes further."""
        if not each.target.watch or not found.up:
            return []
        if each.page.views < each.target.views:
            each.page.learn(found.body)
            return []
        changes = [(change.what, change.before, change.after) for change in each.page.compare(found.body)]
        was, each.changes = each.changes, changes
        if not changes:
            each.page.learn(found.body)
            return [_event("page-restored", "success", f"{each.label} is as it was")] if was else []
        if changes == was:
            return []
        shown = "; ".join(f"{what}: {before[:60]!r} -> {after[:60]!r}" for what, before, after in changes[:MAX_CHANGES])
        message = f"{each.label}: {len(changes)} changes: {shown}"
        return [_event("page-changed", "unknown", message[:2_000], shown[:1_000])]


async def look_at(target: Target) -> Look:
    """One look at ``target``; raises what the look raises."""
    host, port = split_target(target.address, _PORTS.get(target.type, 0)) if target.type != "http" else ("", 0)
    if target.type == "http":
        return await look_http(target)
    if target.type == "tls":
        from collectors.probes.tls_look import look_tls

        return await look_tls(host, port, target.name or host, Path(target.anchors) if target.anchors else None)
    if target.type == "dns":
        return await look_dns(target.address, target.name, target.record, target.expect)
    if target.type == "icmp":
        return await look_icmp(host)
    if target.type in DATABASES:
        return await look_database(target.type, host, port)
    return await look_tcp(host, port)


async def look_http(target: Target) -> Look:
    """A page answers with its status and text. The certificate is the business of a ``tls`` target."""
    import httpx

    from collectors.probes.page_parts import MAX_PAGE

    any_certificate = ssl.create_default_context()
    any_certificate.check_hostname, any_certificate.verify_mode = False, ssl.CERT_NONE
    client = httpx.AsyncClient(
        verify=any_certificate, follow_redirects=True, max_redirects=5, timeout=target.timeout_s, trust_env=False
    )
    async with client:
        try:
            async with client.stream("GET", target.address) as response:
                parts, size = [], 0
                async for part in response.aiter_bytes():
                    size += len(part)
                    if size > MAX_PAGE:
                        raise UnhealthyError(f"the page is larger than {MAX_PAGE >> 20} MiB")
                    parts.append(part)
                body = b"".join(parts).decode(response.encoding or "utf-8", "replace")
        except httpx.TimeoutException:
            raise TimeoutError from None
        except httpx.HTTPError as error:
            raise UnhealthyError(str(error) or type(error).__name__) from None
    if response.status_code != target.status:
        raise UnhealthyError(f"status {response.status_code}")
    if target.text and target.text not in body:
        raise UnhealthyError(f"the text {target.text[:40]!r} is not on the page")
    facts = {"http.response.status_code": response.status_code, "http.response.body.bytes": size}
    return Look(up=True, facts=dict(facts), body=body)


def split_target(address: str, default: int) -> tuple[str, int]:
    """Host and port of ``host``, ``host:port`` or ``[v6]:port``."""
    host, separator, port = address.rpartition(":")
    if separator and port.isdigit() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return address.strip("[]"), default


def _metric(name: str, value: float, unit: str, label: str) -> Event:
    return {
        "yaodun.stream": Stream.METRICS.value, "event.kind": "metric", "yaodun.metric.name": name,
        "yaodun.metric.value": value, "yaodun.metric.unit": unit, "yaodun.metric.instance": label,
    }  # fmt: skip


def _facts(found: Look) -> Event:
    return {name: value for name, value in found.facts.items() if value not in ([], "", None)}


def _event(action: str, outcome: str, message: str, reason: str = "") -> Event:
    event: Event = {
        "event.category": ["web" if action.startswith("page") else "network"], "event.type": ["info"],
        "event.action": action, "event.outcome": outcome, "message": message,
    }  # fmt: skip
    return {**event, "event.reason": reason} if reason else event


def make(reporter: Reporter, tree: Tree, state: Path) -> Poller:
    """A vantage point."""
    settings = settings_of(tree, ProbeSettings)
    for each in settings.target:
        known = each.type in ("http", "tls", "dns", "tcp", "icmp", *DATABASES)
        if not known or (each.type == "dns" and (not each.name or each.record not in RECORDS)):
            raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place=each.address[:80], problem=each.type)
    return ProbePoller(reporter, settings)
