"""The register over HTTP, through the real shell."""

import httpx
import pytest

from infra.register.api import register_router
from infra.web.api import build_api
from infra.web.measures import Measures
from infra.web.shell import ShellOptions, build_shell
from tests.unit.infra.web.conftest import Known, SignedInOnly

ORIGIN = {"origin": "http://127.0.0.1", "x-who": "anna"}


@pytest.fixture
def client(register):
    api = build_api(register_router(register, SignedInOnly()), access=SignedInOnly(), version="0", measures=Measures())
    shell = build_shell(api, None, Known(), ShellOptions(secure=False), Measures())
    return httpx.AsyncClient(transport=httpx.ASGITransport(shell), base_url="http://127.0.0.1", headers=ORIGIN)


async def test_put_and_get(client):
    system = {"id": "trace", "name_zh": "追溯", "unit": "regulator", "weights": {"data": 0.5}, "level": 3}
    assert (await client.put("/api/v1/register/systems/trace", json=system)).status_code == 204
    items = (await client.get("/api/v1/register/systems")).json()["items"]
    assert next(item for item in items if item["id"] == "trace")["level"] == 3
    assert (await client.put("/api/v1/register/assets/a", json={"id": "a", "name": "A"})).status_code == 204
    assert (await client.get("/api/v1/register/assets/a")).json()["name"] == "A"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"id":"y","name_zh":"x"}', "id"),
        (b'{"id":"x"}', "body"),
        (b'{"id":"x","name_zh":"x","level":9}', "level"),
        (b"[" * 100_000, "body"),
        (b"\xff", "body"),
    ],
)
async def test_what_is_wrong_is_named(client, body, place):
    answer = await client.put("/api/v1/register/systems/x", content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["place"]) == (400, place)
