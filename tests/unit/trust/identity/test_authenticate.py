"""Requests and who is behind them: cookies, tokens, and hostile headers."""

import base64

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.web.seams import ANONYMOUS, Actor
from tests.unit.trust.identity.conftest import GOOD
from trust.identity.authenticate import SourceTokens, WebAuthenticator, bearer_of

CONSOLE = Actor(id="console", name="console", kind="service")


@pytest.fixture
def plain(records, tokens, clock):
    return WebAuthenticator(records, tokens, secure=False, clock=clock)


@pytest.fixture
def secure(records, tokens, clock):
    return WebAuthenticator(records, tokens, secure=True, clock=clock)


async def test_a_session_by_cookie(identity, crew, plain, secure):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    actor = await plain.authenticate({"cookie": f"theme=dark; yaodun={signed.secret}"})
    assert (actor.name, actor.roles, actor.session, actor.kind) == (
        "sys",
        ("analyst", "system_admin"),
        signed.session,
        "person",
    )
    assert (await secure.authenticate({"cookie": f"__Host-yaodun={signed.secret}"})).id == actor.id


async def test_over_https_only_the_guarded_cookie_counts(identity, crew, secure):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    assert await secure.authenticate({"cookie": f"yaodun={signed.secret}"}) is ANONYMOUS


async def test_a_second_cookie_of_the_name_is_somebody_elses(identity, crew, plain):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    header = f"yaodun={signed.secret}; yaodun={'x' * 43}"
    assert await plain.authenticate({"cookie": header}) is ANONYMOUS


async def test_an_ended_session_is_cut_within_a_second_in_every_process(
    identity, crew, plain, secure, records, tokens, clock
):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    other = WebAuthenticator(records, tokens, secure=False, clock=clock)
    headers = {"cookie": f"yaodun={signed.secret}"}
    assert (await plain.authenticate(headers)).id
    assert (await other.authenticate(headers)).id
    identity.set_disabled(crew[1], signed.person.id, True)
    clock.advance(0.99)
    assert await plain.authenticate(headers) is ANONYMOUS
    assert await other.authenticate(headers) is ANONYMOUS


async def test_changed_roles_are_seen_within_a_second(identity, crew, plain, clock):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    headers = {"cookie": f"yaodun={signed.secret}"}
    await plain.authenticate(headers)
    identity.set_roles(crew[1], signed.person.id, ("operator",))
    clock.advance(0.99)
    assert (await plain.authenticate(headers)).roles == ("operator",)


async def test_use_keeps_a_session_from_idling_out(identity, crew, plain, records, clock):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    headers = {"cookie": f"yaodun={signed.secret}"}
    for _ in range(5):
        clock.advance(50 * 60)
        assert (await plain.authenticate(headers)).id
        records.write(lambda session: None)
    clock.advance(61 * 60)
    assert await plain.authenticate(headers) is ANONYMOUS


async def test_a_session_ends_after_its_hours_however_busy(identity, crew, plain, records, clock):
    headers = {"cookie": f"yaodun={identity.sign_in('sys', GOOD, '', '192.0.2.1').secret}"}
    for _ in range(14):
        clock.advance(50 * 60)
        assert (await plain.authenticate(headers)).id
        records.write(lambda session: None)
    clock.advance(50 * 60)
    assert await plain.authenticate(headers) is ANONYMOUS


async def test_tokens_as_bearer_or_basic(tokens, plain):
    api, source = tokens.create_api(CONSOLE, "report", ["auditor"], 1), tokens.create_source(CONSOLE, "web-01", 1)
    basic = base64.b64encode(f"anything:{api.secret}".encode()).decode()
    for value in (f"Bearer {api.secret}", f"bearer  {api.secret}", f"Basic {basic}", f"ApiKey {api.secret}"):
        actor = await plain.authenticate({"authorization": value})
        assert (actor.kind, actor.roles) == ("token", ("auditor",))
    actor = await plain.authenticate({"authorization": f"Bearer {source.secret}"})
    assert (actor.kind, actor.source, actor.roles) == ("source", "web-01", ())


async def test_a_wrong_token_is_not_helped_by_a_good_cookie(identity, crew, plain):
    signed = identity.sign_in("sys", GOOD, "", "192.0.2.1")
    headers = {"authorization": "Bearer " + "x" * 43, "cookie": f"yaodun={signed.secret}"}
    assert await plain.authenticate(headers) is ANONYMOUS


async def test_sources(tokens, clock):
    sources = SourceTokens(tokens, clock)
    api, source = tokens.create_api(CONSOLE, "report", ["auditor"], 1), tokens.create_source(CONSOLE, "web-01", 1)
    headers = {"authorization": f"Bearer {source.secret}"}
    assert await sources.authenticate(headers) == "web-01"
    assert await sources.authenticate({"authorization": f"Bearer {api.secret}"}) is None
    assert await sources.authenticate({}) is None
    tokens.revoke(CONSOLE, source.token.id)
    clock.advance(0.99)
    assert await sources.authenticate(headers) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.dictionaries(st.sampled_from(["cookie", "authorization", "x"]), st.text(max_size=300)))
async def test_hostile_headers_are_nobody(plain, headers):
    assert await plain.authenticate(headers) is ANONYMOUS


@given(st.text(max_size=200))
def test_any_authorization_is_read_without_an_error(text):
    for value in (text, f"Basic {text}", f"Bearer {text}", f"Basic {base64.b64encode(text.encode()).decode()}"):
        secret = bearer_of(value)
        assert secret == "" or secret.isascii()
