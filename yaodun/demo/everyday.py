"""Everyday life of the site before the attack: requests, logins, readings of every system."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from analytics.systems.packs import Pack, packs
from infra.events.business import Access, BusinessEvent, BusinessSystem, CheckIn, Document, Metric, Milestone
from yaodun.demo.hosts import Member, addresses, members
from yaodun.demo.label import Document as Flat
from yaodun.demo.label import labelled, process, request, syslog
from yaodun.simulation.dice import Dice

HOURS = 24
DUTIES = (
    ("ops-li", "/usr/bin/systemctl", "systemctl status postgresql"),
    ("sec-zhao", "/usr/sbin/nft", "nft list ruleset"),
    ("audit-qian", "/usr/sbin/aureport", "aureport --auth --summary"),
)
"""What the three kinds of administrators run in a day, each only tools of the own duty."""
_PAGES = ("/", "/index.html", "/login", "/api/search?q=aspirin", "/static/app.css", "/case/list", "/help")


def host_events(dice: Dice, now: datetime, scenario: str) -> Iterator[Flat]:
    """A day of requests and administrators' logins on every host."""
    for host in addresses():
        for _ in range(40):
            at = now - timedelta(minutes=dice.between(30, HOURS * 60))
            client = f"10.88.{dice.whole(0, 20)}.{dice.whole(2, 250)}"
            path = dice.choose(_PAGES)
            yield labelled(host, at, "everyday", scenario, request(client, path, dice.choose((200, 200, 200, 304))))
        for _ in range(3):
            at = now - timedelta(minutes=dice.between(30, HOURS * 60))
            user = dice.choose(("ops-li", "ops-wang", "ops-chen"))
            line = f"Accepted publickey for {user} from 10.88.0.5 port {dice.whole(30000, 60000)} ssh2"
            fields = {"source.ip": "10.88.0.5", "user.name": user, "event.outcome": "success"}
            yield labelled(host, at, "everyday", scenario, syslog("sshd", line, **fields))
        for who, executable, command in DUTIES:
            at = now - timedelta(minutes=dice.between(30, HOURS * 60))
            yield labelled(host, at, "everyday", scenario, process(executable, command, user=who))


def readings(dice: Dice, now: datetime, run: str) -> Iterator[BusinessEvent]:
    """What every system reports about itself, hour by hour."""
    for member in members():
        for hour in range(HOURS, 0, -1):
            at = now - timedelta(hours=hour)
            yield from reading(dice, member, at, run, bad=False)


def reading(dice: Dice, member: Member, at: datetime, run: str, *, bad: bool) -> Iterator[Metric]:
    """The numbers of a system at one time."""
    for item in member.metrics:
        value = item.bad if bad else max(0.0, dice.normal(item.mean, item.spread))
        yield Metric(
            id=f"{run}/{item.name}/{at:%Y%m%dT%H%M%S}", system=member.id, time=at, recorded=at, simulated=True,
            name=item.name, value=round(value, 4), unit=item.unit, window_s=3600.0, about=member.hosts[0],
        )  # fmt: skip
    expected = next((pack for pack in packs() if pack.system == member.id.value), None)
    if expected is not None:
        yield from _expected(expected, member, at, run, bad)


def _expected(pack: Pack, member: Member, at: datetime, run: str, bad: bool) -> Iterator[Metric]:
    """The numbers that the pack of the system expects of it, as its own examples of a good and a bad day say."""
    for signal in pack.signals:
        for number, example in enumerate(signal.unhealthy if bad else signal.healthy):
            if example.get("kind") == "metric" and isinstance(example.get("value"), (int, float)):
                name = f"{run}/{pack.system}/{signal.id}/{number}/{at:%Y%m%dT%H%M%S}"
                yield Metric(
                    id=name, system=member.id, time=at, recorded=at, simulated=True, name=str(example["name"]),
                    value=float(example["value"]), window_s=3600.0, about=member.hosts[0],
                )  # fmt: skip


def office(dice: Dice, now: datetime, run: str) -> Iterator[BusinessEvent]:
    """Logins, documents, devices and milestones of an ordinary day."""
    for number in range(60):
        at = now - timedelta(minutes=dice.between(30, HOURS * 60))
        who = f"u-{dice.whole(101, 140)}"
        yield Access(
            id=f"{run}/a{number}", system=BusinessSystem.PORTAL, time=at, recorded=at, action="login", account=who,
            method=dice.choose(("certificate", "otp")), address=f"10.88.1.{dice.whole(2, 250)}", simulated=True,
        )  # fmt: skip
        yield CheckIn(
            id=f"{run}/c{number}", system=BusinessSystem.MOBILE, time=at, recorded=at, device=f"MD-{number % 20:02d}",
            user=who, os="HarmonyOS 6.0", app="field-inspection", app_version="3.4.1", app_signer="sha256:aa10",
            simulated=True,
        )  # fmt: skip
    for number in range(12):
        at = now - timedelta(minutes=dice.between(30, HOURS * 60))
        system = dice.choose((BusinessSystem.STANDARDS, BusinessSystem.DOSSIER))
        yield Document(
            id=f"{run}/d{number}", system=system, time=at, recorded=at, action="view", document=f"DOC-{number % 5}",
            actor=f"u-{dice.whole(101, 140)}", simulated=True,
        )  # fmt: skip
    yield Milestone(
        id=f"{run}/m0", system=BusinessSystem.PROJECTS, time=now, recorded=now, project="XM-2026-04",
        milestone="acceptance", due=f"{now + timedelta(days=20):%Y-%m-%d}", record_number="YJ-regulator-2026-0007",
        graded=3, spent_share=0.6, simulated=True,
    )  # fmt: skip
