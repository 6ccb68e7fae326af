"""The seams of receivers: how a service runs them, how they account, and who vouches for a sender."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Protocol

import msgspec

from infra.events.seams import EventSink


class ListenerKind(StrEnum):
    """What a listener speaks, as ``yaodun status`` names it."""

    HTTP = "http"
    HTTPS = "https"
    SYSLOG_UDP = "syslog-udp"
    SYSLOG_TCP = "syslog-tcp"
    SYSLOG_TLS = "syslog-tls"
    AGENT = "agent"
    FLOWS_UDP = "flows-udp"
    AGENTS = "agents"


class Listener(msgspec.Struct, frozen=True):
    """One open door: its kind and address (``host:port`` or the path of a socket)."""

    kind: ListenerKind
    address: str


class Receiver(Protocol):
    """Takes deliveries and hands them to a sink; acknowledges nothing the sink has not made durable.

    ``start`` opens the doors (``AppError(ENVIRONMENT)`` names a port that is taken and the setting to change),
    ``addresses`` tells where they are, ``stop`` closes them after what was taken has been handed over.
    """

    async def start(self, sink: EventSink) -> None: ...

    async def stop(self) -> None: ...

    @property
    def addresses(self) -> Sequence[Listener]: ...


class Refusals(Protocol):
    """Counts what a receiver did not take, per source; the loss ledger keeps it across restarts."""

    def refuse(self, source: str, records: int, reason: str) -> None: ...


class SourceAuthenticator(Protocol):
    """Says which source a request's credentials belong to; ``headers`` have lower-case names.

    Returns None where there are none or they are not valid (any more): the receiver answers 401.
    """

    async def authenticate(self, headers: Mapping[str, str]) -> str | None: ...
