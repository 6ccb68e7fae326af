"""``Identity``: everything pages, API and commands do with accounts. Blocks; call it in a thread from async code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.text import say
from infra.web.seams import Actor, Authorizer
from trust.access.roles import RoleBook, role_book
from trust.identity import accounts, links, redeeming, second_factor, sessions
from trust.identity.account import (
    FirstStart,
    Link,
    LinkPurpose,
    LinkState,
    Person,
    Redeemed,
    RoleWords,
    SecondFactor,
    SessionRow,
    SignedIn,
    State,
)
from trust.identity.password import Passwords
from trust.identity.rows import LinkRow, UserRow
from trust.identity.seal import Sealer
from trust.identity.sign_in import SignIn
from trust.settings import Identities

TOPIC = "people"
"""The feed's topic of accounts and sessions."""


class Identity:
    """Accounts of one site. Each change checks the actor's rights, enters the ledger, and raises ``AppError``."""

    def __init__(
        self,
        records: Records,
        access: Authorizer,
        sealer: Sealer,
        *,
        settings: Identities | None = None,
        clock: Clock | None = None,
        passwords: Passwords | None = None,
        book: RoleBook | None = None,
    ) -> None:
        self._records = records
        self._access = access
        self._sealer = sealer
        self._settings = settings or Identities()
        self._clock = clock or SystemClock()
        self._passwords = passwords or Passwords(self._settings.password_policy)
        self._book = book or role_book()
        self._sign_in = SignIn(records, self._passwords, sealer, self._settings, self._book)

    # First start and one-time links

    def first_start_state(self) -> FirstStart:
        """Does the site wait for its first account? Its page is shown instead of the sign-in page then."""

        def look(session: Session) -> FirstStart:
            if _has_accounts(session):
                return FirstStart(needed=False)
            good = select(func.max(LinkRow.expires)).where(
                LinkRow.purpose == LinkPurpose.FIRST_START, LinkRow.used.is_(None), LinkRow.expires > self._clock.now()
            )
            return FirstStart(needed=True, link_expires=session.scalar(good))

        return self._records.read(look)

    def open_first_start(self) -> Link | None:
        """A fresh first link, for the console of ``yaodun up``; older ones are void. None once there is an account."""

        def make(session: Session) -> Link | None:
            if _has_accounts(session):
                return None
            length = timedelta(minutes=self._settings.link_minutes)
            link = links.make_link(session, LinkPurpose.FIRST_START, self._clock.now(), length)
            self._tell(session, "console", "trust.link.create", "link:first_start", purpose="first_start")
            return link

        return self._records.write(make)

    def inspect_link(self, secret: str) -> LinkState:
        """What a link is for, without using it; ``AppError(UNAUTHENTICATED)`` where it is void."""

        def look(session: Session) -> LinkState:
            row = links.good_link(session, secret, self._clock.now())
            user = session.get(UserRow, row.user) if row.user else None
            return LinkState(
                purpose=LinkPurpose(row.purpose),
                name=user.name if user else "",
                display=user.display if user else "",
                roles=redeeming.roles_given(session, row),
                expires=row.expires,
            )

        return self._records.read(look)

    def redeem_link(self, secret: str, *, name: str = "", display: str = "", password: str) -> Redeemed:
        """Use a link: the account gets its password (and its ``name``, where the link leaves it open).

        The first link makes the system administrator, who is an analyst too, and answers with one-time links for the
        security and the audit administrator, who must be two other people. ``AppError``: UNAUTHENTICATED void link,
        INVALID weak password or malformed name, CONFLICT name taken. A failure leaves the link unused.
        """
        self._records.read(lambda session: links.good_link(session, secret, self._clock.now()))
        state = self.inspect_link(secret)
        self._passwords.demand_good(password, state.name or accounts.fold_name(name))
        kept = self._passwords.hash(password)
        return self._records.write(
            lambda session: redeeming.redeem(
                session, secret, name, display, kept, self._clock.now(), self._settings, self._book
            )
        )

    # Signing in and out

    def sign_in(self, name: str, password: str, code: str, address: str, agent: str = "") -> SignedIn:
        """A session for right credentials; put ``SignedIn.secret`` into the cookie.

        ``AppError(UNAUTHENTICATED)``: ``trust.sign_in.refused`` whatever was wrong, or ``trust.sign_in.code_needed``
        after a right password of somebody with a second factor. ``AppError(RATE_LIMITED)`` with ``seconds`` to wait.
        """
        return self._sign_in.attempt(name, password, code, address, agent, self._clock.now())

    def sign_out(self, actor: Actor) -> None:
        """End the actor's own session."""
        self._end(actor, "trust.session.close", f"user:{actor.id}", handle=actor.session)

    def alive(self, actor: Actor) -> bool:
        """Whether the actor's session still stands; asked once a second per open page, so cheap."""
        now = self._clock.now()
        return bool(actor.session) and self._records.read(
            lambda session: sessions.stands(session, actor.session, now, self._settings)
        )

    def change_password(self, actor: Actor, old: str, new: str) -> None:
        """Replace the actor's own password; every other session of theirs ends."""
        self._access.demand(actor, "self.password")
        user = self._records.read(lambda session: accounts.get_user(session, actor.id))
        if not self._passwords.check(user.password, old):
            raise AppError(ErrorKind.INVALID, "trust.password.wrong", place="old")
        self._passwords.demand_good(new, user.name)
        kept = self._passwords.hash(new)

        def change(session: Session) -> None:
            accounts.get_user(session, actor.id).password = kept
            sessions.end_sessions(session, self._clock.now(), "password", user=actor.id, but=actor.session)
            self._tell(session, actor, "trust.user.password", f"user:{actor.id}")

        self._records.write(change)

    def begin_second_factor(self, actor: Actor) -> SecondFactor:
        """A fresh seed for the actor's phone; nothing changes until ``confirm_second_factor``."""
        self._access.demand(actor, "self.second_factor")
        return self._records.write(lambda session: second_factor.begin(session, self._sealer, actor.id))

    def confirm_second_factor(self, actor: Actor, code: str) -> None:
        """From now on signing in asks for a code; ``AppError(INVALID)`` where ``code`` does not fit the seed."""

        def confirm(session: Session) -> None:
            second_factor.confirm(session, self._sealer, actor.id, code, self._clock.now())
            self._tell(session, actor, "trust.user.second_factor", f"user:{actor.id}", state="on")

        self._records.write(confirm)

    def remove_second_factor(self, actor: Actor, person: str) -> None:
        """For a lost phone: the security administrator's to do, never for oneself."""
        self._access.demand(actor, "users.second_factor", f"user:{person}")
        _not_oneself(actor, person)

        def remove(session: Session) -> None:
            second_factor.remove(session, person)
            self._tell(session, actor, "trust.user.second_factor", f"user:{person}", state="off")

        self._records.write(remove)

    # Accounts

    def people(self) -> Sequence[Person]:
        """Every account, by name."""

        def look(session: Session) -> list[Person]:
            counts = sessions.count_open(session, self._clock.now(), self._settings)
            rows = session.scalars(select(UserRow).order_by(UserRow.name)).all()
            return [accounts.person_of(session, row, counts.get(row.id, 0)) for row in rows]

        return self._records.read(look)

    def roles(self) -> Sequence[RoleWords]:
        """The roles a person may be given, in words."""
        return [
            RoleWords(role.id, say(role.name_key), say(role.about_key), tuple(sorted(role.excludes)))
            for role in self._book
            if not role.service
        ]

    def create(self, actor: Actor, name: str, display: str, roles: tuple[str, ...]) -> Link:
        """A new account and the one-time link its person sets a password with."""
        self._access.demand(actor, "users.create", f"user:{name[:64]}")

        def make(session: Session) -> Link:
            row = accounts.make_user(session, name, display, State.INVITED, self._clock.now())
            accounts.give_roles(session, row, roles, self._book)
            self._tell(session, actor, "trust.user.create", f"user:{row.id}", name=row.name, roles=sorted(set(roles)))
            return self._invite(session, row, LinkPurpose.INVITE)

        return self._records.write(make)

    def link(self, actor: Actor, person: str) -> Link:
        """A fresh one-time link for somebody who lost the first one, or a password."""
        self._access.demand(actor, "users.link", f"user:{person}")

        def make(session: Session) -> Link:
            row = accounts.get_user(session, person)
            if row.state == State.DISABLED:
                raise AppError(ErrorKind.CONFLICT, "trust.account_disabled", place=row.name)
            purpose = LinkPurpose.INVITE if row.state == State.INVITED else LinkPurpose.RESET
            self._tell(session, actor, "trust.link.create", f"user:{person}", purpose=purpose.value)
            return self._invite(session, row, purpose)

        return self._records.write(make)

    def appoint(self, actor: Actor, role: str) -> Link | None:
        """A fresh link for an administrator who was never appointed because the first link got lost; its person chooses
        a name. None where ``role`` is no such administrator; ``AppError(CONFLICT)`` where somebody holds it."""
        if role not in redeeming.OTHER_ADMINISTRATORS:
            return None
        self._access.demand(actor, "users.create", f"role:{role}")

        def make(session: Session) -> Link:
            if accounts.holders(session, role):
                raise AppError(ErrorKind.CONFLICT, "trust.role_held", place=role)
            self._tell(session, actor, "trust.link.create", f"role:{role}", purpose="invite")
            return redeeming.administrator_link(session, role, self._clock.now(), self._settings)

        return self._records.write(make)

    def set_roles(self, actor: Actor, person: str, roles: tuple[str, ...]) -> None:
        """Let the account hold exactly ``roles``; nobody changes their own, and the last security administrator
        stays one. ``AppError(CONFLICT)`` naming two roles that one person cannot hold."""
        self._access.demand(actor, "users.roles", f"user:{person}")
        _not_oneself(actor, person)

        def change(session: Session) -> None:
            row = accounts.get_user(session, person)
            before = accounts.give_roles(session, row, roles, self._book)
            session.flush()
            _keep_one(session)
            self._tell(session, actor, "trust.user.roles", f"user:{person}", before=before, after=sorted(set(roles)))

        self._records.write(change)

    def set_disabled(self, actor: Actor, person: str, disabled: bool) -> None:
        """Shut an account out (its sessions end at once) or let it in again."""
        self._access.demand(actor, "users.disable", f"user:{person}")
        _not_oneself(actor, person)

        def change(session: Session) -> None:
            row = accounts.get_user(session, person)
            row.state = State.DISABLED if disabled else (State.ACTIVE if row.password else State.INVITED)
            session.flush()
            _keep_one(session)
            ended = sessions.end_sessions(session, self._clock.now(), "disabled", user=person) if disabled else 0
            action = "trust.user.disable" if disabled else "trust.user.enable"
            self._tell(session, actor, action, f"user:{person}", sessions_ended=ended)

        self._records.write(change)

    # Sessions

    def sessions(self, person: str | None = None) -> Sequence[SessionRow]:
        """Open sessions, of one person or of all, the most recently used first."""
        now = self._clock.now()
        return self._records.read(lambda session: sessions.open_sessions(session, now, self._settings, person))

    def end_session(self, actor: Actor, session: str) -> None:
        """End one session: one's own, or as security administrator anybody's."""
        owner = self._records.read(lambda found: sessions.owner_of(found, session))
        action = "self.session" if owner == actor.id else "sessions.end"
        self._access.demand(actor, action, f"session:{session}")
        self._end(actor, "trust.session.end", f"user:{owner}", handle=session)

    def _end(self, actor: Actor, action: str, thing: str, handle: str) -> None:
        def end(session: Session) -> None:
            if sessions.end_sessions(session, self._clock.now(), action, handle=handle):
                self._tell(session, actor, action, thing, handle=handle)

        self._records.write(end)

    def _invite(self, session: Session, row: UserRow, purpose: LinkPurpose) -> Link:
        length = timedelta(hours=self._settings.invitation_hours)
        return links.make_link(session, purpose, self._clock.now(), length, user=row.id, person=row.name)

    def _tell(self, session: Session, actor: Actor | str, action: str, thing: str, **detail: object) -> None:
        record(session, actor=actor, action=action, thing=thing, detail=detail, at=self._clock.now())
        publish(session, TOPIC, thing, at=self._clock.now())


def _has_accounts(session: Session) -> bool:
    return session.scalar(select(UserRow.id).limit(1)) is not None


def _not_oneself(actor: Actor, person: str) -> None:
    if actor.id == person:
        raise AppError(ErrorKind.FORBIDDEN, "trust.not_oneself", place=actor.name)


def _keep_one(session: Session) -> None:
    """Somebody must be able to let people in."""
    if accounts.holders(session, "security_admin") == 0:
        raise AppError(ErrorKind.CONFLICT, "trust.last_security_admin", place="roles")
