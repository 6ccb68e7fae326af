"""ARP spoofing: an address that goes to and fro between two cards, or a card that takes over several addresses.

A move that happens once (fail-over, a new card) is neither. RFC 826 has no proof of ownership; what a forger cannot
avoid is that the owner goes on answering.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from analytics.network.finding import Bounded, Finding, Kind, seconds
from infra.events import Event
from infra.exchange import Level

WINDOW_S = 600.0
AGAIN_S = 3600.0
MOST = 50_000
TURNS, TAKEN = 2, 2
"""An address must change its card so often, or a card must have taken so many addresses of others, in a window."""


@dataclass(slots=True)
class _Address:
    card: str = ""
    seen: float = -math.inf
    turns: list[float] = field(default_factory=list)
    told: float = -math.inf


@dataclass(slots=True)
class _Card:
    taken: dict[str, float] = field(default_factory=dict)


class ClaimWatch:
    """The cards of all addresses."""

    def __init__(self) -> None:
        self._addresses: Bounded[_Address] = Bounded(MOST, _Address)
        self._cards: Bounded[_Card] = Bounded(MOST, _Card)

    def see(self, event: Event) -> Finding | None:
        """Take in a claim (who has which address)."""
        address, card = event.get("source.ip"), event.get("source.mac")
        if not address or not card:
            return None
        held, now = self._addresses[address], seconds(event)
        before, fresh = held.card, now - held.seen <= WINDOW_S
        held.card, held.seen = str(card), now
        if not before or before == card or not fresh:
            return None
        held.turns = [*(turn for turn in held.turns if now - turn <= WINDOW_S), now][-50:]
        taken = self._cards[card].taken
        taken[str(address)] = now
        several = sum(1 for moment in taken.values() if now - moment <= WINDOW_S)
        if (len(held.turns) < TURNS and several < TAKEN) or now - held.told < AGAIN_S:
            return None
        held.told = now
        return Finding(
            Kind.ARP_SPOOFING, str(address), Level.HIGH,
            (("source.mac", f"{before}, {card}", "two cards"), ("changes of card", len(held.turns), f">= {TURNS}"),
             ("addresses this card took", several, f">= {TAKEN}")),
        )  # fmt: skip
