"""Connecting sources: the doors of this site as devices reach them, tokens, and what the agent of this host polls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from infra.web.seams import Actor


class Connecting(Protocol):
    """Each change checks rights, enters the ledger, raises ``AppError``."""

    def doors(self) -> Mapping[str, str]:
        """Kind of listener (``http``, ``syslog-udp`` ...) to the address others reach it at, ``host:port``; a door that
        only this host reaches has a loopback address."""

    def token(self, actor: Actor, source: str) -> str:
        """A token to deliver as ``source``, which nobody can look up again."""

    def pollers(self) -> Sequence[Mapping[str, Any]]:
        """What people told agents to poll; elsewhere by a ``group``. Secrets are named, not shown."""

    def watch(self, actor: Actor, tree: Mapping[str, Any], secrets: Mapping[str, str], group: str = "") -> None:
        """Let the agent of this host, or those of a group, poll something; ``tree`` holds ``kind``, ``name`` and the
        poller's settings. For a group, secrets are names of files on the agents' hosts."""

    def forget(self, actor: Actor, name: str, group: str = "") -> None:
        """Poll it no longer."""
