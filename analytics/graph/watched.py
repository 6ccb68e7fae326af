"""The part of the graph that events show: accounts on hosts, flows to services, listeners, between known places."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from analytics.graph.observed import FLOW_PROBABILITY, LOGIN_PROBABILITY, OTHER_FLOW, account_id
from analytics.graph.places import OUTSIDE, Places
from analytics.graph.relations import Relation, Relations
from analytics.graph.seams import DEPENDS, Kind, Node
from infra.exchange import Edge

SESSION = 0.3
"""That who holds a machine can take the credentials of an account that logged in on it or from it."""
RUNS_ON = 0.9
"""That who breaks a service holds the machine it runs on."""
LEANS = 0.4
"""That a client is harmed when a service it uses again and again is gone."""
OFTEN = 3
EPHEMERAL = 32_768
"""Ports from here on are the client's end of a connection unless something is known to listen there."""


class Watched:
    """A ``GraphSource`` over ``relations``; names become nodes by ``places``."""

    def __init__(self, relations: Relations, places: Places) -> None:
        self._relations, self._places = relations, places

    def nodes(self) -> Iterator[Node]:
        """Accounts, services, and the machines nobody registered."""
        for account in {account for account, _, _, _ in self._relations.of(Relation.LOGIN)}:
            yield Node(account_id(account), Kind.ACCOUNT, label=account)
        for machine in {machine for machine, _ in self._services}:
            yield Node(machine, Kind.OUTSIDE if machine == OUTSIDE else Kind.ASSET, label=_bare(machine))
        for (machine, port), label in self._services.items():
            yield Node(service_id(machine, port), Kind.SERVICE, label=f"{label}:{port}" if label else str(port))

    def edges(self) -> Iterator[Edge]:
        """The ways of an attacker, and what cannot work without what."""
        yield from self._logins()
        yield from self._flows()
        for machine, port in self._services:
            yield Edge(service_id(machine, port), machine, "runs-on", RUNS_ON)
            yield Edge(service_id(machine, port), machine, DEPENDS, RUNS_ON)

    def _logins(self) -> Iterator[Edge]:
        for account, host, _, seen in self._relations.of(Relation.LOGIN):
            machine = self._places.host(host)
            yield Edge(account_id(account), machine, "logs-in", LOGIN_PROBABILITY, {"times": seen.times})
            yield Edge(machine, account_id(account), "holds-session", SESSION, {"times": seen.times})
        for address, account, _, seen in self._relations.of(Relation.ORIGIN):
            machine = self._places.address(address)
            if machine:
                chance = SESSION / 3 if machine == OUTSIDE else SESSION
                yield Edge(machine, account_id(account), "logged-in-from", chance, {"times": seen.times})

    def _flows(self) -> Iterator[Edge]:
        for start, end, port, times in self._talks:
            service = service_id(end, port)
            yield Edge(start, service, "reaches", FLOW_PROBABILITY.get(port, OTHER_FLOW), {"times": times})
            if times >= OFTEN and start != OUTSIDE:
                yield Edge(start, service, DEPENDS, LEANS)

    @cached_property
    def _listeners(self) -> dict[tuple[str, int], str]:
        """(machine, port) of what is known to listen, with the program."""
        return {
            (self._places.host(host), port): program for host, program, port, _ in self._relations.of(Relation.LISTENER)
        }

    @cached_property
    def _talks(self) -> list[tuple[str, str, int, int]]:
        """(machine, machine, port, times) of flows towards a service of another machine inside."""
        found: dict[tuple[str, str, int], int] = {}
        for source, target, port, seen in self._relations.of(Relation.FLOW):
            start, end = self._places.address(source), self._places.address(target)
            if not start or not end or start == end or end == OUTSIDE:
                continue
            if port and (port < EPHEMERAL or (end, port) in self._listeners):
                found[start, end, port] = found.get((start, end, port), 0) + seen.times
        return [(*key, times) for key, times in found.items()]

    @cached_property
    def _services(self) -> dict[tuple[str, int], str]:
        """Every service that listens or was reached."""
        return {**{(end, port): "" for _, end, port, _ in self._talks}, **self._listeners}


def service_id(machine: str, port: int) -> str:
    """Node id of a service."""
    return f"service:{machine}:{port}"


def _bare(node: str) -> str:
    return node.partition(":")[2] if node.startswith(("host:", "address:")) else ""
