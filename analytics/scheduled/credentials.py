"""Reads the event store for credentials: keys of logins and inventories, certificates served, tokens and service
accounts in use."""

from __future__ import annotations

from analytics.graph.credentials import CredentialKind, named
from analytics.graph.relations import Relation, Relations
from analytics.scheduled.reading import rows
from infra.events.stream import Stream
from infra.store.query.tree import And, Filter, Not, Or, Prefix, Term, Terms, Window
from infra.store.seams import EventStore

_USED: Filter = And((Term("event.category", "authentication"), Not(Term("event.outcome", "failure"))))
_KEY: Filter = Term("yaodun.inventory.kind", "key")
_ROBOT = "system:serviceaccount:"
_SERVICE: Filter = Or((Prefix("user.name", _ROBOT), And((_USED, Terms("winlog.logon.type", ("4", "5"))))))
_NOBODY = frozenset({"system", "local service", "network service", "anonymous logon", "root"})
"""Accounts that exist on every machine and have no secret of their own."""


def know_credentials(store: EventStore, relations: Relations, window: Window) -> None:
    """Take in what the window tells."""
    _used(store, relations, window)
    _listed(store, relations, window)
    for field in ("server.ip", "destination.ip"):
        for (address, certificate), times in rows(store, window, (field, "tls.server.hash.sha256")):
            name = f"{CredentialKind.CERTIFICATE}:{certificate}"
            relations.take(Relation.KEEPS, str(address), name, 0, times, window.end)
    for (source, account), times in rows(store, window, ("source.ip", "user.name"), _SERVICE):
        if str(account).casefold() not in _NOBODY and not str(account).endswith("$"):
            relations.take(Relation.KEEPS, str(source), f"{CredentialKind.SERVICE}:{account}", 0, times, window.end)
    for (host, account), times in rows(store, window, ("host.name", "user.name"), _SERVICE):
        told = str(account).casefold()
        if told not in _NOBODY and not told.startswith(_ROBOT) and not told.endswith("$"):
            relations.take(Relation.KEEPS, str(host), f"{CredentialKind.SERVICE}:{account}", 0, times, window.end)


def _used(store: EventStore, relations: Relations, window: Window) -> None:
    """Logins that name what they came in with."""
    for (used, host), times in rows(store, window, ("yaodun.credential.id", "host.name"), _USED):
        relations.take(Relation.OPENS, named(str(used)), str(host), 0, times, window.end)
    for (address, used), times in rows(store, window, ("source.ip", "yaodun.credential.id"), _USED):
        relations.take(Relation.KEEPS, str(address), named(str(used)), 0, times, window.end)


def _listed(store: EventStore, relations: Relations, window: Window) -> None:
    """Keys that agents found in the accounts of their host."""
    inventory = (Stream.INVENTORY,)
    for (host, key), times in rows(store, window, ("host.name", "yaodun.inventory.key"), _KEY, inventory):
        use, _, rest = str(key).partition(":")
        name = named(rest.partition(":")[2])
        if use == "authorized":
            relations.take(Relation.OPENS, name, str(host), 0, times, window.end)
        elif use == "kept":
            relations.take(Relation.KEEPS, str(host), name, 0, times, window.end)
