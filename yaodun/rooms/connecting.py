"""Connecting sources, over the listeners of ingest, the tokens, and what agents are told to poll."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from collectors.fleet.polling import GroupPollers
from collectors.pollers.local import LocalPollers
from collectors.sources.reporting import this_host
from infra.ledger import record
from infra.web.seams import Actor
from yaodun.overview import listeners
from yaodun.site import Site

EDIT = "sources.edit"
TOKEN_DAYS = 365


class ConnectingRoom:
    """Implements ``dashboards.rooms.connecting.Connecting``."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pollers = LocalPollers(site.home.state, site.home.secrets)
        self._elsewhere = GroupPollers(site.fleet)

    def doors(self) -> Mapping[str, str]:
        """Addresses as others reach them."""
        names = self._site.settings.web.names
        here = names[0] if names else _own_address()
        return {row["kind"]: _reached(row["address"], here) for row in listeners(self._site.home)}

    def token(self, actor: Actor, source: str) -> str:
        """A token for a source."""
        return self._site.tokens.create_source(actor, source, TOKEN_DAYS).secret

    def pollers(self) -> Sequence[Mapping[str, Any]]:
        """What the agent of this host was told, then those of each group."""
        return [*self._pollers.read(), *self._elsewhere.read()]

    def watch(self, actor: Actor, tree: Mapping[str, Any], secrets: Mapping[str, str], group: str = "") -> None:
        """Tell it, or them."""
        name = str(tree.get("name", ""))
        self._site.access.demand(actor, EDIT, f"poller:{name[:64]}")
        if group:
            self._elsewhere.put(actor, group, tree, secrets)
            return
        self._pollers.put(tree, secrets)
        self._tell(actor, "collectors.poller.add", name, kind=str(tree.get("kind", "")))

    def forget(self, actor: Actor, name: str, group: str = "") -> None:
        """Take it back."""
        self._site.access.demand(actor, EDIT, f"poller:{name[:64]}")
        if group:
            self._elsewhere.drop(actor, group, name)
            return
        self._pollers.drop(name)
        self._tell(actor, "collectors.poller.remove", name)

    def _tell(self, actor: Actor, action: str, name: str, **detail: object) -> None:
        at = self._site.clock.now()
        self._site.records.write(
            lambda session: record(session, actor=actor, action=action, thing=f"poller:{name}", detail=detail, at=at)
        )


def _reached(address: str, here: str) -> str:
    host, _, port = address.rpartition(":")
    return f"{here}:{port}" if host.strip("[]") in ("0.0.0.0", "::", "") else address  # noqa: S104 - compared only


def _own_address() -> str:
    """An address of this host that others can reach; its name where none is known."""
    found = [str(each[4][0]) for each in _resolved(this_host().name)]
    usable = [each for each in found if not ipaddress.ip_address(each.partition("%")[0]).is_loopback]
    return usable[0] if usable else this_host().name


def _resolved(name: str) -> list[Any]:
    try:
        return socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)
    except OSError:
        return []
