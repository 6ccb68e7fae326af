"""The watcher of OpenStack before a real keystone: sign-in, tenants, tokens that end, rights that are missing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.cloud.openstack_poller import make
from collectors.cloud.rest import CloudError
from collectors.sources.reporting import Host, Reporter
from infra.events.stream import Event
from tests.integration.keystone import PASSWORD, Keystone, keystone, keystone_here
from tests.unit.collectors.sinks import conforming

pytestmark = [
    pytest.mark.integration,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(os.environ.get("YAODUN_PROVE") != "full", reason="a proof at full size: make prove"),
]
REPORTER = Reporter(Host("agent1", ""), "cloud")


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keystone]:
    keystone_here()
    with keystone(tmp_path_factory.mktemp("keystone")) as made:
        yield made


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAODUN_TEST_KEYSTONE", PASSWORD)


def poller_of(door: Keystone, folder: Path, **more: Any) -> Any:
    tree = {"timeout_s": 120.0, "url": door.url, "user": "admin", "password": "env:YAODUN_TEST_KEYSTONE", **more}
    return make(REPORTER, tree, folder)


def tenants(events: list[Event]) -> set[str]:
    kind = "yaodun.inventory.kind"
    return {each["cloud.instance.name"] for each in events if each.get(kind) == "tenant"}


async def test_tenants_are_those_keystone_has_as_they_come_and_go(door: Keystone, tmp_path: Path) -> None:
    names = ("trace", "licence")
    made = [door.ask("POST", "projects", json={"project": {"name": name}})["project"]["id"] for name in names]
    poller = poller_of(door, tmp_path)
    first = await poller.look()
    conforming(first)
    assert tenants(first) == {each["name"] for each in door.ask("GET", "projects")["projects"]} >= {"admin", *names}
    door.ask("DELETE", f"projects/{made[0]}")
    door.ask("POST", "projects", json={"project": {"name": "newcomer"}})
    second = await poller.look()
    conforming(second)
    assert "newcomer" in tenants(second)
    await poller._client.aclose()


async def test_a_token_that_was_taken_back_is_asked_for_anew(door: Keystone, tmp_path: Path) -> None:
    poller = poller_of(door, tmp_path)
    await poller.look()
    old = poller._token
    door.ask("DELETE", "auth/tokens", headers={"X-Subject-Token": old})
    await poller.look()
    assert poller._token != old
    await poller._client.aclose()


async def test_an_application_credential_opens_too(
    door: Keystone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [admin] = [each for each in door.ask("GET", "users")["users"] if each["name"] == "admin"]
    asked = {"application_credential": {"name": "yaodun", "secret": "a credential of its own"}}
    given = door.ask("POST", f"users/{admin['id']}/application_credentials", json=asked)["application_credential"]
    monkeypatch.setenv("YAODUN_TEST_CREDENTIAL", "a credential of its own")
    named = {"credential": given["id"], "credential_secret": "env:YAODUN_TEST_CREDENTIAL"}
    poller = make(REPORTER, {"url": door.url, "timeout_s": 120.0, **named}, tmp_path)
    assert "admin" in tenants(await poller.look())  # type: ignore[attr-defined]
    await poller._client.aclose()  # type: ignore[attr-defined]


async def test_a_wrong_password_and_a_missing_right_are_told(
    door: Keystone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = door.ask("POST", "projects", json={"project": {"name": "small"}})["project"]["id"]
    user = door.ask("POST", "users", json={"user": {"name": "li", "password": PASSWORD}})["user"]["id"]
    [member] = [each["id"] for each in door.ask("GET", "roles")["roles"] if each["name"] == "member"]
    door.ask("PUT", f"projects/{project}/users/{user}/roles/{member}")
    few = poller_of(door, tmp_path, user="li", project="small")
    with pytest.raises(CloudError, match="403"):
        await few.look()
    await few._client.aclose()
    monkeypatch.setenv("YAODUN_TEST_KEYSTONE", "wrong")
    wrong = poller_of(door, tmp_path)
    with pytest.raises(CloudError, match="401"):
        await wrong.look()
    await wrong._client.aclose()
