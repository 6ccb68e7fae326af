"""The shipped roles: the three administrators are apart, and nothing is allowed that is not written down."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.errors import AppError
from infra.text import Language, say
from trust.access import role_book
from trust.access.roles import read_book

BOOK = role_book()
ADMINISTRATORS = ("system_admin", "security_admin", "audit_admin")


@pytest.mark.parametrize("pair", list(combinations(ADMINISTRATORS, 2)))
def test_no_person_is_two_administrators(pair):
    with pytest.raises(AppError) as caught:
        BOOK.check(pair)
    assert caught.value.message_key == "trust.roles_separated"


def test_an_analyst_may_be_system_administrator():
    assert BOOK.check(["system_admin", "analyst", "analyst"]) == ("analyst", "system_admin")


@given(st.sets(st.sampled_from([role.id for role in BOOK if not role.service])))
def test_a_set_is_taken_exactly_when_no_member_excludes_another(names):
    clash = any(one in BOOK.get(two).excludes for one in names for two in names)
    try:
        taken = BOOK.check(names)
    except AppError:
        assert clash
    else:
        assert not clash
        assert set(taken) == names


def test_what_the_administrators_cannot_do():
    assert not BOOK.rule(["system_admin", "analyst"], "users.create")
    assert not BOOK.rule(["system_admin", "analyst"], "audit.read")
    assert not BOOK.rule(["security_admin"], "settings.change")
    assert not BOOK.rule(["security_admin"], "audit.read")
    assert not BOOK.rule(["audit_admin"], "users.create")
    assert not BOOK.rule(["audit_admin"], "settings.change")


def test_what_they_can():
    assert BOOK.rule(["security_admin"], "users.create") == "security_admin: users.*"
    assert BOOK.rule(["audit_admin"], "audit.verify") == "audit_admin: audit.*"
    assert BOOK.rule(["system_admin"], "sources.create") == "system_admin: sources.*"
    assert BOOK.rule(["analyst"], "alerts.work") == "analyst: alerts.*"
    assert BOOK.rule([], "self.password") == "everybody: self.*"


@given(st.text(max_size=40), st.lists(st.sampled_from([role.id for role in BOOK]), max_size=3))
def test_an_action_nobody_wrote_down_is_denied(action, roles):
    known = action.split(".")[0] in {pattern.split(".")[0] for role in BOOK for pattern in role.allows}
    if not known and action.split(".")[0] not in ("self", "portal", "openapi"):
        assert not BOOK.rule(roles, action)


def test_patterns_match_whole_words_only():
    book = read_book({"everybody": [], "r": {"allows": ["a.b.*", "c.d"]}})
    assert book.rule(["r"], "a.b.c")
    assert book.rule(["r"], "a.b.c.d")
    assert book.rule(["r"], "c.d")
    for action in ("a.b", "a.bc.d", "a", "c", "c.d.e", "c.dd", "*", "a.*", ""):
        assert not book.rule(["r"], action), action


def test_a_role_nobody_knows_allows_nothing_and_cannot_be_given():
    assert not BOOK.rule(["emperor"], "alerts.read")
    with pytest.raises(AppError) as caught:
        BOOK.check(["emperor"])
    assert caught.value.message_key == "trust.role_unknown"


def test_a_role_for_tokens_is_not_given_to_people():
    with pytest.raises(AppError) as caught:
        BOOK.check(["wallboard"])
    assert caught.value.message_key == "trust.role_for_tokens"


@pytest.mark.parametrize("language", list(Language))
def test_every_role_has_words(language):
    for role in BOOK:
        for key in (role.name_key, role.about_key):
            assert say(key, language) != key
