"""Credentials in the graph: where keys, certificates, tokens and service accounts are kept, and what they open."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from analytics.graph.observed import account_id
from analytics.graph.places import Places
from analytics.graph.relations import Relation, Relations
from analytics.graph.seams import Kind, Node
from infra.exchange import Edge


class CredentialKind(StrEnum):
    """What it is; the text before the colon of its name."""

    KEY = "key"
    CERTIFICATE = "certificate"
    BEARER = "token"
    SERVICE = "service"


TAKEN = {
    CredentialKind.KEY: 0.4,
    CredentialKind.CERTIFICATE: 0.3,
    CredentialKind.BEARER: 0.4,
    CredentialKind.SERVICE: 0.5,
}
"""That who holds a machine can take a credential of this kind that is kept on it: a service must read its own
unattended, keys of people may have a passphrase, keys of servers may lie in hardware."""
OPENED = {
    CredentialKind.KEY: 0.9,
    CredentialKind.CERTIFICATE: 0.1,
    CredentialKind.BEARER: 0.3,
    CredentialKind.SERVICE: 0.8,
}
"""That who holds the credential gets what it opens. With a server's certificate one can only pose as the server."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A credential a room knows of by itself: ``keepers`` are hosts or addresses, ``opens`` node ids with the
    probability that it opens them; a ``jewel`` (the key of an authority) must not be reached itself."""

    name: str
    label: str
    keepers: tuple[str, ...] = ()
    opens: tuple[tuple[str, float], ...] = ()
    value: float = 0.0
    jewel: bool = False


class Credentials:
    """A ``GraphSource`` of what events told and of what was issued."""

    def __init__(self, relations: Relations, places: Places, issued: Sequence[Issued] = ()) -> None:
        self._relations, self._places, self._issued = relations, places, issued

    def nodes(self) -> Iterator[Node]:
        """One node for each credential."""
        seen = {name for _, name, _, _ in self._relations.of(Relation.KEEPS)}
        seen |= {name for name, _, _, _ in self._relations.of(Relation.OPENS)}
        for one in self._issued:
            yield Node(credential_id(one.name), Kind.CREDENTIAL, one.value, one.jewel, one.label)
        for name in sorted(seen):
            yield Node(credential_id(name), Kind.CREDENTIAL, label=short(name))

    def edges(self) -> Iterator[Edge]:
        """Machine to credential, credential to what it opens."""
        for keeper, name, _, seen in self._relations.of(Relation.KEEPS):
            yield from self._keeps(keeper, name, seen.times)
        for name, host, _, seen in self._relations.of(Relation.OPENS):
            yield Edge(
                credential_id(name), self._places.host(host), "opens", OPENED[kind_of(name)], {"times": seen.times}
            )
        for name in {name for _, name, _, _ in self._relations.of(Relation.KEEPS) if kind_of(name) == "service"}:
            account = account_id(name.partition(":")[2])
            yield Edge(credential_id(name), account, "opens", OPENED[CredentialKind.SERVICE])
        for one in self._issued:
            for keeper in one.keepers:
                yield from self._keeps(keeper, one.name, 1)
            for node, chance in one.opens:
                yield Edge(credential_id(one.name), node, "opens", chance)

    def _keeps(self, keeper: str, name: str, times: int) -> Iterator[Edge]:
        machine = machine_of(self._places, keeper)
        if machine:
            yield Edge(machine, credential_id(name), "keeps", TAKEN[kind_of(name)], {"times": times})


def credential_id(name: str) -> str:
    """Node id of a credential."""
    return f"credential:{name}"


def kind_of(name: str) -> CredentialKind:
    """What sort of credential a name means; an unknown one counts as a token."""
    kind = name.partition(":")[0]
    return CredentialKind(kind) if kind in set(CredentialKind) else CredentialKind.BEARER


def named(text: str) -> str:
    """The name of the credential an event tells of: ``RSA SHA256:...`` of sshd, ``kind:id``, or else a token."""
    print_ = next((word for word in text.split() if word.startswith("SHA256:")), "")
    if print_:
        return f"{CredentialKind.KEY}:{print_}"
    return text[:300] if text.partition(":")[0] in set(CredentialKind) else f"{CredentialKind.BEARER}:{text[:300]}"


def short(name: str) -> str:
    """For a reader: a fingerprint by its beginning."""
    rest = name.partition(":")[2].removeprefix("SHA256:")
    return rest if len(rest) <= 24 else f"{rest[:16]}…"


def machine_of(places: Places, text: str) -> str:
    """The node of an address or a host name; '' for an address that means no other machine."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return places.host(text)
    return places.address(text)
