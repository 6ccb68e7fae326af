"""Sign-in and accounts over HTTP, from the first link to the cut session, through the real shell."""

import httpx
import pytest

from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.shell import ShellOptions, build_shell
from tests.unit.trust.identity.conftest import GOOD
from trust.identity.api import link_router, session_router, tokens_router, users_router
from trust.identity.authenticate import WebAuthenticator
from trust.settings import Identities


@pytest.fixture
def shell(identity, access, tokens, records, clock):
    def build(*, secure=False):
        measures = Measures()
        routers = (
            session_router(identity, Identities(), secure=secure),
            link_router(identity),
            users_router(identity, access),
            tokens_router(tokens, access),
        )
        api = build_api(*routers, access=access, version="0", measures=measures)
        authenticator = WebAuthenticator(records, tokens, secure=secure, clock=clock)
        return build_shell(api, None, authenticator, ShellOptions(secure=secure), measures)

    return build


@pytest.fixture
def browser(shell):
    """A browser of one's own: it keeps cookies and sends its origin."""

    def build(*, secure=False) -> httpx.AsyncClient:
        base = "https://localhost:8600" if secure else "http://localhost:8600"
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(shell(secure=secure)), base_url=base, headers={"origin": base}
        )

    return build


async def enter(client: httpx.AsyncClient, name: str, password: str = GOOD) -> httpx.Response:
    return await client.post("/api/v1/session", json={"name": name, "password": password})


async def test_from_the_first_link_to_a_working_crew(identity, browser, clock):
    first = browser()
    assert (await first.get("/api/v1/session")).json() == {"actor": None, "first_start": True}
    secret = identity.open_first_start().secret
    state = (await first.post("/api/v1/link/inspect", json={"link": secret})).json()
    assert state["roles"] == ["system_admin", "analyst"]
    form = {"link": secret, "name": "sys", "display": "", "password": GOOD}
    made = (await first.post("/api/v1/link/redeem", json=form)).json()
    assert (await enter(first, "sys")).status_code == 201
    assert (await first.get("/api/v1/session")).json()["actor"]["roles"] == ["analyst", "system_admin"]
    assert (await first.get("/api/v1/users")).status_code == 200
    assert (await first.post("/api/v1/users", json={"name": "bob"})).status_code == 403

    second = browser()
    links = [link["path"].partition("#")[2] for link in made["links"]]
    await second.post("/api/v1/link/redeem", json={"link": links[0], "name": "sec", "password": GOOD})
    assert (await enter(second, "sec")).status_code == 201
    created = await second.post("/api/v1/users", json={"name": "bob", "roles": ["analyst"]})
    assert created.status_code == 201

    third = browser()
    await third.post("/api/v1/link/redeem", json={"link": created.json()["path"].partition("#")[2], "password": GOOD})
    await enter(third, "bob")
    assert (await third.get("/api/v1/users")).status_code == 403
    bob = (await third.get("/api/v1/session")).json()["actor"]["id"]
    assert (await second.patch(f"/api/v1/users/{bob}", json={"disabled": True})).status_code == 204
    clock.advance(0.99)
    assert (await third.get("/api/v1/users")).status_code == 401


async def test_the_session_cookie(identity, crew, browser):
    for secure in (False, True):
        client = browser(secure=secure)
        answer = await enter(client, "sys")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-yaodun=" if secure else "yaodun=")
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert ("Secure" in cookie) is secure
        assert cookie.partition("=")[2].partition(";")[0] not in answer.text


async def test_signing_out_ends_the_session_and_clears_the_cookie(identity, crew, browser, clock):
    client = browser()
    await enter(client, "sys")
    kept = dict(client.cookies)
    answer = await client.delete("/api/v1/session")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    clock.advance(0.99)
    client.cookies.update(kept)
    assert (await client.get("/api/v1/users")).status_code == 401


async def test_refusals_are_problems_in_the_readers_language(crew, browser):
    client = browser()
    client.headers["accept-language"] = "en"
    answer = await enter(client, "sys", "wrong-wrong-wrong")
    assert (answer.status_code, answer.json()["detail"]) == (401, "Name, password or code is wrong")
    assert "wrong-wrong" not in answer.text
    for _ in range(5):
        answer = await enter(client, "sys", "wrong-wrong-wrong")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


async def test_a_foreign_page_cannot_sign_anybody_in(crew, browser):
    client = browser()
    client.headers["origin"] = "http://evil.example"
    assert (await enter(client, "sys")).status_code == 403


@pytest.mark.parametrize(
    "form",
    [{}, {"name": 1, "password": "x"}, {"name": "a", "password": "x", "admin": True}, {"name": "a" * 300},
     {"name": "a" * 300, "password": "x"}, {"name": "a", "password": "x" * 5000}, {"name": [], "password": {}}, []],
)  # fmt: skip
async def test_malformed_forms(browser, form):
    answer = await browser().post("/api/v1/session", json=form)
    assert (answer.status_code, answer.json()["code"]) == (400, "infra.web.invalid")


async def test_tokens_over_http(identity, crew, browser, clock):
    security = browser()
    await enter(security, "sec")
    made = (await security.post("/api/v1/tokens", json={"roles": ["security_admin"]})).json()
    assert made["code"] == "trust.token_role"
    made = (await security.post("/api/v1/tokens", json={"roles": ["auditor"], "days": 1})).json()
    assert made["secret"] not in (await security.get("/api/v1/tokens")).text
    script = browser()
    script.headers["authorization"] = f"Bearer {made['secret']}"
    del script.headers["origin"]
    assert (await script.get("/api/v1/users")).status_code == 200
    assert (await script.post("/api/v1/session/second-factor")).status_code == 403
    assert (await security.delete(f"/api/v1/tokens/{made['token']['id']}")).status_code == 204
    clock.advance(0.99)
    assert (await script.get("/api/v1/users")).status_code == 401


async def test_own_sessions_are_anybodys_to_see_others_are_not(crew, browser):
    client = browser()
    await enter(client, "sys")
    own = (await client.get("/api/v1/session")).json()["actor"]["id"]
    assert len((await client.get(f"/api/v1/sessions?person={own}")).json()["items"]) == 2
    assert (await client.get("/api/v1/sessions")).status_code == 403
