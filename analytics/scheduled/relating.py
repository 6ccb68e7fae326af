"""Reads the event store for the graph: logins, flows, listeners, credentials of the windows that were not read yet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from analytics.graph.relations import Relation, Relations
from analytics.scheduled.credentials import know_credentials
from analytics.scheduled.reading import rows
from infra.events.stream import Stream
from infra.store.query.tree import And, Filter, Not, Term, Window
from infra.store.seams import EventStore

HISTORY = timedelta(days=3)
"""How far back the first reading goes."""
FORGOTTEN = timedelta(days=30)
STEP = timedelta(hours=6)
OVERLAP = timedelta(minutes=10)
"""Late events: so much is read again, and the times of it count twice at most."""
_LOGIN: Filter = And((Term("event.category", "authentication"), Not(Term("event.outcome", "failure"))))
_LISTENER: Filter = Term("yaodun.inventory.kind", "listener")


def relate(store: EventStore, relations: Relations, now: datetime) -> int:
    """Take in what came since ``relations.until``; how many are known now. A clock that went back starts nothing anew:
    the windows already read are not read again until time has passed them."""
    start = datetime.fromtimestamp(relations.until, UTC) - OVERLAP if relations.until else now - HISTORY
    start = max(start, now - HISTORY)
    while start < now:
        end = min(start + STEP, now)
        _take(store, relations, Window(start, end))
        relations.until = max(relations.until, int(end.timestamp()))
        start = end
    relations.forget(now - FORGOTTEN)
    return len(relations)


def _take(store: EventStore, relations: Relations, window: Window) -> None:
    for (account, host), times in rows(store, window, ("user.name", "host.name"), _LOGIN):
        if account and host:
            relations.take(Relation.LOGIN, str(account), str(host), 0, times, window.end)
    for (address, account), times in rows(store, window, ("source.ip", "user.name"), _LOGIN):
        if address and account:
            relations.take(Relation.ORIGIN, str(address), str(account), 0, times, window.end)
    for (source, target, port), times in rows(store, window, ("source.ip", "destination.ip", "destination.port")):
        if source and target:
            relations.take(Relation.FLOW, str(source), str(target), int(port or 0), times, window.end)
    _listeners(store, relations, window)
    know_credentials(store, relations, window)


def _listeners(store: EventStore, relations: Relations, window: Window) -> None:
    """What listens on more than the host itself; the program where it is known."""
    inventory = (Stream.INVENTORY,)
    named: dict[tuple[str, int], str] = {}
    for (host, port, program), _ in rows(
        store, window, ("host.name", "destination.port", "process.name"), _LISTENER, inventory
    ):
        if host and port and program:
            named[str(host), int(port)] = str(program)
    for (host, port, address), times in rows(
        store, window, ("host.name", "destination.port", "server.ip"), _LISTENER, inventory
    ):
        if host and port and address and not str(address).startswith(("127.", "::1")):
            program = named.get((str(host), int(port)), "")
            relations.take(Relation.LISTENER, str(host), program, int(port), times, window.end)
