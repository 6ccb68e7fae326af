"""``yaodun demo``: a labelled, simulated site of all fourteen systems and an attack on it, by the real receivers."""

from __future__ import annotations

import argparse
import sys
import time
from datetime import timedelta
from typing import Any

from analytics.datasecurity.register import DataAssets
from infra.clock import rfc3339
from infra.events.stream import Stream
from infra.status import read_status
from infra.store.query.tree import And, Exists, Query, Term, Window
from infra.store.seams import EventStore
from infra.text import say
from infra.web.hosts import is_loopback
from yaodun.commands.replay import count_alerts, wait_correlated, wait_stored
from yaodun.console import console_actor
from yaodun.demo.data import data_assets
from yaodun.demo.graded import facilities, settle
from yaodun.demo.hosts import addresses, enter
from yaodun.demo.label import labelled, request
from yaodun.demo.play import BACK, Play, Played
from yaodun.demo.sender import Sender
from yaodun.demo.work import work
from yaodun.preflight import split_address
from yaodun.rooms.casework import casework_of
from yaodun.rooms.graded import graded_of, host_watches
from yaodun.site import Site, existing_site
from yaodun.terminal import command, emit_one, home_of

HOSTS, BUSINESS = "demo-hosts", "demo-business"
PAUSE_S, FAST_PAUSE_S = 60.0, 0.5
SETTLE_S, SETTLED_WITHIN_S = 1.0, 60.0
"""Receivers learn of new assets within a second; on a busy machine it takes longer, so it is asked."""
TOKEN_DAYS = 1
WAIT_S = 600.0


def add(commands: Any) -> None:
    """Declare the command."""
    summary = "send a labelled simulated site and an attack on it through the running platform"
    parser = command(commands, "demo", summary, "yaodun demo --fast")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another seed, other details (default: 1)")
    parser.add_argument("--fast", action="store_true", help="no minutes of pause between the stages")


def run(args: argparse.Namespace) -> int:
    """Play, wait until all is stored and correlated, say what was sent and where to look."""
    site = existing_site(home_of(args))
    actor = console_actor()
    tokens = [site.tokens.create_source(actor, source, TOKEN_DAYS) for source in (HOSTS, BUSINESS)]
    try:
        sender = _sender(site, tokens[0].secret, tokens[1].secret)
        try:
            emit_one(_play(site, sender, args), args)
        finally:
            sender.close()
    finally:
        for token in tokens:
            site.tokens.revoke(actor, token.token.id)
        site.records.close()
    return 0


def _sender(site: Site, host_token: str, business_token: str) -> Sender:
    host, port = split_address(site.settings.ingest.http_listen, "ingest.http_listen")
    if is_loopback(host):
        return Sender(f"http://{host}:{port}", host_token, business_token)
    name = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    return Sender(f"https://{name}:{port}", host_token, business_token, str(site.home.tls / "site.crt"))


def _play(site: Site, sender: Sender, args: argparse.Namespace) -> dict[str, Any]:
    store = site.open_store(read_only=True)
    before = {source: _received(store, source) for source in (HOSTS, BUSINESS)}
    begun = site.clock.now()
    assets = enter(site.register, console_actor(), begun - timedelta(days=30))
    facilities(site.register, site.zones, console_actor())
    data_assets(DataAssets(site.records, site.access, site.clock), console_actor())
    _settled(site, sender, store)
    play = Play(sender, site.clock, args.seed, FAST_PAUSE_S if args.fast else PAUSE_S)
    _tell(play.background())
    stages = play.attack(_tell)
    for source, kind in ((HOSTS, "host_events"), (BUSINESS, "business_events")):
        wait_stored(store, source, before[source] + sender.sent[kind], WAIT_S)
    wait_correlated(site, WAIT_S)
    filing = _grade(site, store)
    return {
        "run": play.run,
        "assets": assets,
        "filing": filing,
        **sender.sent,
        "alerts": count_alerts(site, store, HOSTS) + count_alerts(site, store, BUSINESS),
        "stages": [
            {"stage": each.stage, "at": rfc3339(each.at), "events": each.host_events + each.business_events}
            for each in stages
        ],
        "look_at": _places(site, rfc3339(begun - BACK)),
    }


def _settled(site: Site, sender: Sender, store: EventStore) -> None:
    """Until the receivers know which system the hosts belong to: a request to one of them is sent and looked up."""
    host, begun = next(iter(addresses())), site.clock.now()
    mine = And((Term("host.name", host), Exists("yaodun.system")))
    deadline = time.monotonic() + SETTLED_WITHIN_S
    while time.monotonic() < deadline:
        now = site.clock.now()
        sender.documents([labelled(host, now, "everyday", "settling", request("127.0.0.1", "/health", 200))])
        time.sleep(SETTLE_S)
        window = Window(begun - timedelta(seconds=1), site.clock.now() + timedelta(seconds=1))
        if store.search(Query(streams=(Stream.LOGS,), window=window, filter=mine, limit=1)).total:
            return


def _grade(site: Site, store: EventStore) -> str:
    """Grade the systems, and take their facts in at once; the filing that was begun."""
    graded = graded_of(site, store)
    actor = console_actor()
    filing = settle(actor, site.register, graded.gradings, graded.controls, graded.filings, site.clock.now())
    work(actor, casework_of(site, store), graded.gradings, graded.controls, graded.evaluations, site.clock)
    for profile in graded.controls.profiles():
        graded.controls.refresh(profile.id)
    for watch in host_watches(site):
        watch.look()
    return filing


def _received(store: EventStore, source: str) -> int:
    found = store.counts().get(source)
    return found.received if found else 0


def _tell(played: Played) -> None:
    words = say(f"yaodun.demo.stage.{played.stage}", hosts=played.host_events, business=played.business_events)
    print(words, file=sys.stderr, flush=True)


def _places(site: Site, begun: str) -> list[str]:
    told = str((read_status(site.home.run, "web") or {}).get("url", ""))
    base = told.removesuffix("/ui/") or f"http://{site.settings.web.listen}"
    return [
        say("yaodun.demo.look_overview", where=f"{base}/ui/"),
        say("yaodun.demo.look_alerts", where=f"{base}/ui/alerts", command=f"yaodun alerts --since {begun}"),
        say("yaodun.demo.look_events", command="yaodun search 'yaodun.simulated:true'"),
        say("yaodun.demo.look_posture", command="yaodun posture"),
    ]
