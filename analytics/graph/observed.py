"""The part of the graph that events show by themselves: who logged in where, what talked to what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from analytics.graph.seams import Kind, Node
from infra.exchange import Edge

LOGIN_PROBABILITY = 0.6
"""That who holds the host can use the account's session, and the other way round."""
FLOW_PROBABILITY = {22: 0.4, 3389: 0.4, 445: 0.4, 5985: 0.35, 135: 0.3, 23: 0.5, 1433: 0.25, 3306: 0.25, 5432: 0.25}
OTHER_FLOW = 0.15


@dataclass(slots=True)
class Observed:
    """A ``GraphSource`` of aggregated (account, host, times) and (from, to, port, times) rows."""

    logins: Iterable[tuple[str, str, int]] = field(default_factory=list)
    flows: Iterable[tuple[str, str, int, int]] = field(default_factory=list)
    outside: frozenset[str] = frozenset()

    def nodes(self) -> Iterator[Node]:
        """Accounts, hosts, and the addresses that are outside."""
        for account, host, _ in self.logins:
            yield Node(account_id(account), Kind.ACCOUNT, label=account)
            yield Node(host, Kind.ASSET)
        for start, end, _, _ in self.flows:
            for name in (start, end):
                yield Node(name, Kind.OUTSIDE if name in self.outside else Kind.ASSET)

    def edges(self) -> Iterator[Edge]:
        """Logins both ways (a session lends its account to whoever holds the host), flows in their direction."""
        for account, host, times in self.logins:
            yield Edge(account_id(account), host, "logs-in", LOGIN_PROBABILITY, {"times": times})
            yield Edge(host, account_id(account), "holds-session", LOGIN_PROBABILITY / 2, {"times": times})
        for start, end, port, times in self.flows:
            chance = FLOW_PROBABILITY.get(port, OTHER_FLOW)
            yield Edge(start, end, f"reaches:{port}", chance, {"times": times})


def account_id(account: str) -> str:
    """Node id of an account, apart from hosts of the same name."""
    return f"account:{account}"
