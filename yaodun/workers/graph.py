"""``python -m yaodun.workers.graph``: the graph of the site, fed by the register and by what events told since."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from datetime import datetime
from pathlib import Path

import msgspec
import orjson

from analytics.graph.credentials import OPENED, TAKEN, Credentials, credential_id, kind_of, machine_of
from analytics.graph.digest import OddEdge, digest
from analytics.graph.kept import FILE, keep, read_kept
from analytics.graph.lateral import judge_new_edges
from analytics.graph.observed import LOGIN_PROBABILITY, account_id
from analytics.graph.places import Places
from analytics.graph.registered import Registered
from analytics.graph.relations import Relation, Relations
from analytics.graph.seams import Kind
from analytics.graph.typed import TypedGraph, build
from analytics.graph.watched import Watched
from analytics.scheduled.relating import relate
from infra.durable import replace_file
from yaodun.service import die_with_parent, log_to
from yaodun.site import Site, open_site
from yaodun.terminal import common_options, home_of
from yaodun.workers.issued import issued_credentials

log = logging.getLogger(__name__)
SEEN = "relations.msgpack"
MOST_ODD = 50
MOST_JUDGED = 500
NEARER, COMPANY = 0.7, 0.2
"""A new login is odd where it brings its account nearer to a jewel by so many nats and its ends share so few
neighbours."""


def main() -> int:
    """Refresh once."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.graph")
    common_options(parser)
    home = home_of(parser.parse_args())
    die_with_parent()
    os.nice(10)
    log_to(home, "graph")
    site = open_site(home)
    try:
        sys.stdout.write(orjson.dumps(refresh(site)).decode() + "\n")
    finally:
        site.records.close()
    return 0


def refresh(site: Site) -> dict[str, int]:
    """Counts: relations known, nodes, edges, odd logins that are new."""
    folder, now = graph_folder(site.home.state), site.clock.now()
    relations = read_relations(folder / SEEN)
    places = graph_places(site)
    before = set(_steps(relations, places))
    store = site.open_store(read_only=True)
    try:
        known = relate(store, relations, now)
    finally:
        store.close()
    told = Credentials(relations, places, issued_credentials(site))
    graph = build([graph_source(site), Watched(relations, places), told])
    old = _old(folder / FILE)
    new = _odd(old[0], [step for step in _steps(relations, places) if step not in before], now) if old else []
    odd = (*new, *(old[1] if old else ()))[:MOST_ODD]
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / SEEN, relations.encode(), private=True)
    keep(folder, graph, digest(graph, now, odd))
    return {"relations": known, "nodes": len(graph), "edges": len(graph.source), "odd": len(new)}


def graph_folder(state: Path) -> Path:
    """Where the graph is kept."""
    return state / "graph"


def graph_source(site: Site) -> Registered:
    """What the register knows."""
    register = site.register
    return Registered(register.units(), register.systems(), register.assets())


def graph_places(site: Site) -> Places:
    """Which node a name or an address is; the networks of the zones are our own."""
    return Places(site.register.assets(), [net for zone in site.zones.zones() for net in zone.networks])


def read_relations(path: Path) -> Relations:
    """As kept; a file that cannot be read is logged and the last days are read anew."""
    try:
        return Relations.decode(path.read_bytes())
    except FileNotFoundError:
        return Relations()
    except msgspec.MsgspecError:
        log.exception("graph.relations_unreadable")
        return Relations()


def _steps(relations: Relations, places: Places) -> list[tuple[str, str, float]]:
    """(from, to, probability) of the steps that are judged when they are new: logins, what a credential opened, and
    where one was used from."""
    steps = [
        (account_id(account), places.host(host), LOGIN_PROBABILITY)
        for account, host, _, _ in relations.of(Relation.LOGIN)
    ]
    for name, host, _, _ in relations.of(Relation.OPENS):
        steps.append((credential_id(name), places.host(host), OPENED[kind_of(name)]))
    for keeper, name, _, _ in relations.of(Relation.KEEPS):
        if machine := machine_of(places, keeper):
            steps.append((machine, credential_id(name), TAKEN[kind_of(name)]))
    return steps


def _old(path: Path) -> tuple[TypedGraph, tuple[OddEdge, ...]] | None:
    try:
        graph, told = read_kept(path)
    except FileNotFoundError:
        return None
    except (msgspec.MsgspecError, ValueError):
        log.exception("graph.kept_unreadable")
        return None
    return graph, told.odd


def _odd(graph: TypedGraph, steps: list[tuple[str, str, float]], now: datetime) -> list[OddEdge]:
    """The first sight of credentials at all says nothing of any single one."""
    if not any(node.kind is Kind.CREDENTIAL for node in graph.nodes):
        steps = [step for step in steps if step[0].startswith("account:")]
    judged = judge_new_edges(graph, steps[:MOST_JUDGED]) if steps and len(graph) else []
    return [
        OddEdge(one.source, one.target, one.company, one.nearer, one.surprise, now)
        for one in judged
        if one.nearer > NEARER and one.company < COMPANY
    ]


if __name__ == "__main__":
    sys.exit(main())
