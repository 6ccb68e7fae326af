"""Requests against a real server: what is sent, what comes back, what may be repeated."""

from __future__ import annotations

import pytest

from infra.errors import AppError
from playbooks.actions.requests import OPENC2_TYPE, OpenC2, Requests, address_of
from playbooks.actions.secrets import NoSecrets
from playbooks.engine.orders import Order
from playbooks.engine.scopes import picked
from playbooks.model.guard import Certainty, Output
from playbooks.model.playbook import Party
from tests.unit.playbooks.actions.servers import free_port, web


class One:
    def get(self, name: str) -> str:
        return f"secret of {name}"


def order(text: str, **more: object) -> Order:
    return Order("run:t1", "r", "s", "http-api", text=text, **more)  # type: ignore[arg-type]


def test_a_request_carries_key_secret_and_body_and_its_answer_can_be_picked_apart() -> None:
    with web() as (url, seen):
        party = Party("http-api", "x", {"url": [url]})
        done = Requests(One()).act(order("POST /a?b=1", target=party, body='{"x": 1}', secret="k", username="li"))
    assert done.ok
    assert (seen[0]["path"], seen[0]["body"]) == ("/a?b=1", '{"x": 1}')
    assert seen[0]["headers"]["Idempotency-Key"] == "run:t1"
    assert seen[0]["headers"]["Authorization"].startswith("Basic ")
    assert picked(Output("__v__", "body", json="$.answer.list[1]"), done.output) == "two"
    assert picked(Output("__v__", "status"), done.output) == "200"
    assert picked(Output("__v__", "body", regex='"list": \\[(\\d)'), done.output) == "1"
    assert picked(Output("__v__", "body", json="$.none"), done.output) is None


def test_failures_are_told_and_nothing_is_followed() -> None:
    with web(302) as (url, seen):
        assert Requests(NoSecrets()).act(order(f"GET {url}/x")).ok
        assert len(seen) == 1
    with web(503) as (url, _):
        assert Requests(NoSecrets()).act(order(f"GET {url}/x")).reason == "HTTP 503"
    with pytest.raises(AppError):
        Requests(NoSecrets()).act(order(f"GET http://127.0.0.1:{free_port()}/", timeout_s=2))
    with pytest.raises(AppError):
        Requests(NoSecrets()).act(order("GET /x"))


def test_what_may_be_repeated() -> None:
    requests = Requests(NoSecrets())
    assert [requests.certainty(order(f"{each} /")) for each in ("GET", "PUT", "DELETE")] == [Certainty.KEY] * 3
    assert requests.certainty(order("POST /")) is Certainty.NONE
    assert requests.certainty(order("POST /", certainty=Certainty.KEY)) is Certainty.KEY
    assert requests.effects(order("GET http://x/")) == ()
    assert requests.effects(order("POST http://x/y"))[0].target == "POST http://x/y"


def test_openc2_has_its_media_type_and_shows_its_effect() -> None:
    body = '{"action": "deny", "target": {"ipv4_net": "192.0.2.0/24"}}'
    with web() as (url, seen):
        done = OpenC2(NoSecrets()).act(order(f"POST {url}/openc2", body=body))
    assert done.ok
    assert seen[0]["headers"]["Content-Type"] == OPENC2_TYPE
    (effect,) = OpenC2(NoSecrets()).effects(order("POST http://x/", body=body))
    assert (effect.kind, effect.target) == ("openc2:deny", 'ipv4_net "192.0.2.0/24"')


def test_addresses() -> None:
    for party, wanted in (
        (Party("http-api", "x", {"dname": ["h.example"]}), "http://h.example/a"),
        (Party("http-api", "x", {"dname": ["h.example"]}, "443"), "https://h.example/a"),
        (Party("http-api", "x", {"ipv6": ["2001:db8::1"]}, "8080"), "http://[2001:db8::1]:8080/a"),
    ):
        assert address_of(party, "/a") == wanted
