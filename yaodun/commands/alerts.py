"""``yaodun alerts``: the alerts of this site."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

import msgspec

from infra.clock import parse_rfc3339
from infra.ledger import record
from ops.alerts import Alert, AlertQuery, Alerts
from yaodun.site import existing_site
from yaodun.terminal import command, emit, home_of


def add(commands: Any) -> None:
    """Declare the command."""
    parser = command(
        commands, "alerts", "list alerts, newest first", "yaodun alerts --since 2026-11-18T00:00:00Z --state new"
    )
    parser.add_argument("--since", metavar="T", help="last seen at or after T (RFC 3339)")
    parser.add_argument("--rule", metavar="ID", action="append", default=[], help="only alerts of this rule")
    parser.add_argument("--state", action="append", default=[], choices=("new", "acknowledged", "closed"))
    parser.add_argument("--limit", type=int, default=0, metavar="N", help="at most N; 0 lists all")


def run(args: argparse.Namespace) -> int:
    """Print them; 1 where there are any."""
    site = existing_site(home_of(args))
    query = AlertQuery(
        since=parse_rfc3339(args.since, "--since") if args.since else None,
        only={"rule": tuple(args.rule), "state": tuple(args.state)}, order="newest", limit=1000,
    )  # fmt: skip
    alerts = Alerts(site.records, site.clock, record)
    rows = (as_row(alert) for alert in every(alerts, query, args.limit))
    return 1 if emit(rows, args) else 0


def every(alerts: Alerts, query: AlertQuery, limit: int) -> Iterator[Alert]:
    """All pages of ``query``, at most ``limit`` alerts (0 for all)."""
    given = 0
    while True:
        page = alerts.search(query)
        for alert in page.alerts:
            yield alert
            given += 1
            if given == limit:
                return
        if page.after is None:
            return
        query = msgspec.structs.replace(query, after=page.after)


def as_row(alert: Alert) -> dict[str, Any]:
    """The row of one alert as scripts know it."""
    wanted = ("id", "rule", "level", "first_seen", "last_seen", "count", "entity", "why", "event_ids", "techniques")
    whole: dict[str, Any] = msgspec.to_builtins(alert)
    return {name: whole[name] for name in (*wanted, "state", "assignee", "disposition", "system", "dimension")}
