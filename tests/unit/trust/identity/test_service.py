"""Accounts from the first link on: who may do what to whom, and what it leaves in the ledger."""

import pytest
from sqlalchemy.exc import IntegrityError

from infra.errors import AppError, ErrorKind
from tests.unit.trust.identity.conftest import GOOD, actor_of
from trust.identity.rows import UserRoleRow


def refused(call, *args, **named) -> AppError:
    with pytest.raises(AppError) as caught:
        call(*args, **named)
    return caught.value


def test_first_start(identity, clock):
    assert identity.first_start_state().needed
    assert identity.first_start_state().link_expires is None
    link = identity.open_first_start()
    assert identity.first_start_state().link_expires == link.expires
    assert identity.inspect_link(link.secret).roles == ("system_admin", "analyst")
    done = identity.redeem_link(link.secret, name="Anna", display="安娜", password=GOOD)
    assert (done.person.name, done.person.display, done.person.state) == ("anna", "安娜", "active")
    assert done.person.roles == ("analyst", "system_admin")
    assert [identity.inspect_link(other.secret).roles for other in done.links] == [
        ("security_admin",),
        ("audit_admin",),
    ]
    assert not identity.first_start_state().needed
    assert identity.open_first_start() is None


def test_the_first_link_works_once_and_the_newest_only(identity):
    old, new = identity.open_first_start(), identity.open_first_start()
    assert refused(identity.redeem_link, old.secret, name="anna", password=GOOD).kind is ErrorKind.UNAUTHENTICATED
    identity.redeem_link(new.secret, name="anna", password=GOOD)
    assert refused(identity.redeem_link, new.secret, name="bob", password=GOOD).kind is ErrorKind.UNAUTHENTICATED
    assert [person.name for person in identity.people()] == ["anna"]


def test_a_link_expires(identity, clock):
    link = identity.open_first_start()
    clock.advance(3601)
    assert refused(identity.redeem_link, link.secret, name="anna", password=GOOD).message_key == "trust.link_void"


@pytest.mark.parametrize(("name", "password"), [("anna", "short"), ("a b", GOOD), ("", GOOD), ("anna", "x" * 5000)])
def test_a_failed_redemption_leaves_the_link_good(identity, name, password):
    link = identity.open_first_start()
    assert refused(identity.redeem_link, link.secret, name=name, password=password).kind is ErrorKind.INVALID
    identity.redeem_link(link.secret, name="anna", password=GOOD)


@pytest.mark.parametrize("secret", ["", "x", "../../etc", "\x00" * 40, "é" * 40, "A" * 43, "A" * 100_000])
def test_hostile_links_are_void(identity, secret):
    assert refused(identity.inspect_link, secret).message_key == "trust.link_void"
    assert refused(identity.redeem_link, secret, name="anna", password=GOOD).message_key == "trust.link_void"


def test_no_account_exists_before_somebody_made_one(identity):
    for name in ("admin", "root", "yaodun", ""):
        assert refused(identity.sign_in, name, "admin", "", "192.0.2.1").kind is ErrorKind.UNAUTHENTICATED


def test_links_do_not_show_their_secret_by_accident(identity):
    link = identity.open_first_start()
    assert link.secret in link.path
    assert link.path.index("#") < link.path.index(link.secret)
    assert link.secret not in repr(link)


def test_only_the_security_administrator_manages_accounts(identity, crew, told):
    system, security, audit = crew
    for actor in (system, audit):
        assert refused(identity.create, actor, "bob", "", ("analyst",)).kind is ErrorKind.FORBIDDEN
        assert refused(identity.set_roles, actor, security.id, ()).kind is ErrorKind.FORBIDDEN
        assert refused(identity.set_disabled, actor, security.id, True).kind is ErrorKind.FORBIDDEN
        assert refused(identity.link, actor, security.id).kind is ErrorKind.FORBIDDEN
    link = identity.create(security, "bob", "Bob", ("analyst", "operator"))
    bob = identity.redeem_link(link.secret, password=GOOD).person
    assert (bob.name, bob.roles) == ("bob", ("analyst", "operator"))
    assert ("trust.user.create", f"user:{bob.id}") in told()
    assert ("trust.access.denied", "user:bob") in told()


def test_nobody_raises_themselves_and_none_holds_two_chairs(identity, crew, records):
    system, security, _ = crew
    assert refused(identity.set_roles, security, security.id, ("security_admin", "analyst")).kind is ErrorKind.FORBIDDEN
    error = refused(identity.set_roles, security, system.id, ("system_admin", "audit_admin"))
    assert error.message_key == "trust.roles_separated"
    assert next(p for p in identity.people() if p.id == system.id).roles == ("analyst", "system_admin")
    with pytest.raises(IntegrityError):  # not even by a mistake in our own code
        records.write(
            lambda session: session.add(UserRoleRow(user=system.id, role="audit_admin", chair="administrator"))
        )


def test_a_taken_name_is_refused_whatever_its_case(identity, crew):
    _, security, _ = crew
    identity.create(security, "Bob", "", ())
    assert refused(identity.create, security, "bOB", "", ()).message_key == "trust.name_taken"


def test_disabling_ends_sessions_and_keeps_out(identity, crew):
    system, security, _ = crew
    assert identity.alive(system)
    identity.set_disabled(security, system.id, True)
    assert not identity.alive(system)
    assert refused(identity.sign_in, "sys", GOOD, "", "192.0.2.1").kind is ErrorKind.UNAUTHENTICATED
    identity.set_disabled(security, system.id, False)
    assert identity.sign_in("sys", GOOD, "", "192.0.2.1").person.id == system.id


def test_nobody_locks_themselves_out(identity, crew):
    _, security, _ = crew
    assert refused(identity.set_disabled, security, security.id, True).message_key == "trust.not_oneself"


def test_the_last_security_administrator_stays(identity, crew):
    _, security, _ = crew
    second = identity.redeem_link(identity.create(security, "sec2", "", ("security_admin",)).secret, password=GOOD)
    other = actor_of(identity.sign_in("sec2", GOOD, "", "192.0.2.9"))
    identity.set_roles(other, security.id, ("analyst",))
    stale = security  # still carries the role it had: what counts then is that one remains
    assert refused(identity.set_disabled, stale, second.person.id, True).message_key == "trust.last_security_admin"
    assert refused(identity.set_roles, stale, second.person.id, ()).message_key == "trust.last_security_admin"


def test_a_reset_link_gives_a_new_password_and_ends_sessions(identity, crew):
    system, security, _ = crew
    link = identity.link(security, system.id)
    assert identity.inspect_link(link.secret).name == "sys"
    assert identity.alive(system)
    identity.redeem_link(link.secret, password="Blaue-Veilchen-88")
    assert not identity.alive(system)
    assert refused(identity.sign_in, "sys", GOOD, "", "192.0.2.1").kind is ErrorKind.UNAUTHENTICATED
    identity.sign_in("sys", "Blaue-Veilchen-88", "", "192.0.2.1")


def test_a_disabled_account_is_not_opened_by_an_old_link(identity, crew):
    system, security, _ = crew
    link = identity.link(security, system.id)
    identity.set_disabled(security, system.id, True)
    assert refused(identity.redeem_link, link.secret, password=GOOD).message_key == "trust.link_void"
    assert refused(identity.link, security, system.id).message_key == "trust.account_disabled"


def test_changing_the_own_password_ends_other_sessions_only(identity, crew):
    system, _, _ = crew
    other = actor_of(identity.sign_in("sys", GOOD, "", "192.0.2.7"))
    assert refused(identity.change_password, system, "wrong", "Blaue-Veilchen-88").message_key == "trust.password.wrong"
    identity.change_password(system, GOOD, "Blaue-Veilchen-88")
    assert identity.alive(system)
    assert not identity.alive(other)


def test_sessions_are_listed_and_ended_by_owner_or_security_administrator(identity, crew):
    system, security, audit = crew
    rows = identity.sessions()
    assert {row.person for row in rows} == {system.id, security.id, audit.id}
    assert identity.sessions(system.id)[0].address == "192.0.2.1"
    assert refused(identity.end_session, audit, system.session).kind is ErrorKind.FORBIDDEN
    identity.end_session(security, system.session)
    assert not identity.alive(system)
    identity.end_session(audit, audit.session)
    assert not identity.alive(audit)
    assert refused(identity.end_session, security, "no such").kind is ErrorKind.NOT_FOUND


def test_people_show_state_and_sessions(identity, crew):
    _, security, _ = crew
    identity.create(security, "bob", "", ("analyst",))
    shown = {person.name: (person.state, person.sessions) for person in identity.people()}
    assert shown == {"sys": ("active", 1), "sec": ("active", 1), "aud": ("active", 1), "bob": ("invited", 0)}


def test_every_change_is_in_the_ledger(identity, crew, told):
    _, security, _ = crew
    link = identity.create(security, "bob", "", ("analyst",))
    bob = identity.redeem_link(link.secret, password=GOOD).person
    before = len(told())
    identity.set_roles(security, bob.id, ("operator",))
    identity.set_disabled(security, bob.id, True)
    identity.set_disabled(security, bob.id, False)
    identity.link(security, bob.id)
    identity.sign_out(security)
    assert [action for action, _ in told()[before:]] == [
        "trust.user.roles", "trust.user.disable", "trust.user.enable", "trust.link.create", "trust.session.close",
    ]  # fmt: skip
