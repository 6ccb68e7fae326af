"""Credentials the platform itself gave out, for the graph: tokens, certificates of agents, keys of the authorities."""

from __future__ import annotations

import logging

from analytics.graph.credentials import Issued
from analytics.graph.places import system_id
from collectors.sources.reporting import this_host
from infra.errors import AppError
from infra.register.seed import OWN_SYSTEM
from trust.identity.tokens import Token, TokenKind
from trust.signer.client import ask_signer
from yaodun.site import Site
from yaodun.trust.places import socket_of

log = logging.getLogger(__name__)
READS, DELIVERS, SPEAKS = 0.2, 0.02, 0.02
"""That a token of the interface, a token of a source, or an agent's certificate harms the platform's own system: the
first reads and acts within its roles, the others can only lie about one source."""
AUTHORITY_VALUE = 1.0
MOST = 2000


def issued_credentials(site: Site) -> list[Issued]:
    """Whatever is in force now."""
    return [*_tokens(site), *_agents(site), *_authorities(site)]


def _tokens(site: Site) -> list[Issued]:
    now = site.clock.now()
    live = [token for token in site.tokens.list() if token.revoked is None and token.expires > now]
    return [_token(token) for token in live[:MOST]]


def _token(token: Token) -> Issued:
    chance = READS if token.kind is TokenKind.API else DELIVERS
    return Issued(f"token:{token.id}", token.name, (), ((system_id(OWN_SYSTEM), chance),))


def _agents(site: Site) -> list[Issued]:
    opens = ((system_id(OWN_SYSTEM), SPEAKS),)
    return [
        Issued(f"certificate:agent/{agent.id}", agent.name, (agent.host,), opens)
        for agent in site.fleet.agents()[:MOST]
        if agent.revoked is None
    ]


def _authorities(site: Site) -> list[Issued]:
    """Kept where the signer runs; whoever holds one can pose as anybody: a jewel of its own."""
    try:
        rows = ask_signer(socket_of(site.home), "authorities", timeout_s=5)
    except AppError:
        log.info("graph.no_signer")
        return []
    host = this_host().name
    return [
        Issued(f"key:authority/{row['id']}", str(row["name"]), (host,), (), AUTHORITY_VALUE, jewel=True)
        for row in rows
        if row["state"] == "active"
    ]
