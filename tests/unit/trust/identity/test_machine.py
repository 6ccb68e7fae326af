"""A model of links and sessions, driven at random beside the real thing."""

import itertools
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from infra.clock import ManualClock
from infra.errors import AppError
from infra.web.seams import Actor
from tests.fresh import fresh_records
from tests.unit.trust.identity.conftest import GOOD, actor_of
from trust.access import Access
from trust.identity import Identity
from trust.identity.password import Passwords
from trust.identity.seal import Sealer

IDLE, ABSOLUTE, INVITATION = timedelta(minutes=60), timedelta(hours=12), timedelta(hours=72)


class Accounts(RuleBasedStateMachine):
    """Names made by the security administrator; links and sessions come and go; the model says which are good."""

    people, links, visits = Bundle("people"), Bundle("links"), Bundle("visits")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.records = fresh_records(Path(self.folder.name))
        self.clock = ManualClock(datetime(2026, 11, 24, tzinfo=UTC))
        passwords = Passwords("graded", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        access = Access(self.records, self.clock)
        self.identity = Identity(self.records, access, Sealer(bytes(32)), clock=self.clock, passwords=passwords)
        first = self.identity.redeem_link(self.identity.open_first_start().secret, name="sys", password=GOOD)
        security = self.identity.redeem_link(first.links[0].secret, name="sec", password=GOOD).person
        self.admin = Actor(id=security.id, name="sec", roles=("security_admin",))
        self.names = itertools.count()
        self.password: dict[str, str] = {security.id: GOOD}
        self.disabled: set[str] = set()
        self.good_links: dict[str, tuple[str, datetime]] = {}
        self.open: dict[Actor, datetime] = {}

    def teardown(self) -> None:
        self.records.close()
        self.folder.cleanup()

    @rule(target=links)
    def create(self):
        name = f"p{next(self.names)}"
        link = self.identity.create(self.admin, name, "", ("analyst",))
        person = next(p.id for p in self.identity.people() if p.name == name)
        self.good_links[link.secret] = (person, self.clock.now() + INVITATION)
        return link.secret

    @rule(target=links, person=people)
    def link(self, person):
        try:
            link = self.identity.link(self.admin, person)
        except AppError:
            assert person in self.disabled
            return "none"
        self.good_links = {s: kept for s, kept in self.good_links.items() if kept[0] != person}
        self.good_links[link.secret] = (person, self.clock.now() + INVITATION)
        return link.secret

    @rule(target=people, secret=links, number=st.integers(0, 9))
    def redeem(self, secret, number):
        password = f"Gelbe-Tulpen-{number}7"
        person, until = self.good_links.get(secret, ("", self.clock.now()))
        expected = until > self.clock.now() and person not in self.disabled
        try:
            done = self.identity.redeem_link(secret, password=password)
        except AppError:
            assert not expected
            return person or self.admin.id
        assert expected
        assert done.person.id == person
        del self.good_links[secret]
        self.password[person] = password
        self.open = {actor: seen for actor, seen in self.open.items() if actor.id != person}
        return person

    @rule(target=visits, person=people, number=st.integers(0, 9))
    def sign_in(self, person, number):
        password = f"Gelbe-Tulpen-{number}7"
        name = next(p.name for p in self.identity.people() if p.id == person)
        self.clock.advance(3600 * 2)  # whatever was throttled is free again; and idle sessions end
        expected = self.password.get(person) == password and person not in self.disabled
        try:
            actor = actor_of(self.identity.sign_in(name, password, "", "192.0.2.1"))
        except AppError:
            assert not expected
            return Actor(id=person, name=name, session="none")
        assert expected
        self.open[actor] = self.clock.now()
        return actor

    @rule(actor=visits)
    def sign_out(self, actor):
        self.identity.sign_out(actor)
        self.open.pop(actor, None)

    @rule(person=people, disabled=st.booleans())
    def set_disabled(self, person, disabled):
        if person == self.admin.id:
            return
        self.identity.set_disabled(self.admin, person, disabled)
        (self.disabled.add if disabled else self.disabled.discard)(person)
        if disabled:
            self.open = {actor: seen for actor, seen in self.open.items() if actor.id != person}

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes):
        self.clock.advance(60 * minutes)

    @rule(actor=visits)
    def alive(self, actor):
        since = self.open.get(actor)
        assert self.identity.alive(actor) == (since is not None and self.clock.now() - since < IDLE)

    @invariant()
    def open_sessions_are_those_of_the_model(self):
        shown = {row.id for row in self.identity.sessions()}
        assert shown == {actor.session for actor, since in self.open.items() if self.clock.now() - since < IDLE}


TestAccounts = Accounts.TestCase
TestAccounts.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)
