"""http-api and openc2-http: requests to other systems, with certificates checked, bounded, and never redirected."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import httpx

from infra.errors import AppError, ErrorKind
from playbooks.actions.places import host_of
from playbooks.actions.secrets import Secrets
from playbooks.engine.orders import MAX_OUTPUT, Order, Outcome, Seen
from playbooks.model.guard import Certainty, Effect
from playbooks.model.playbook import Party

READS = ("GET", "HEAD", "OPTIONS")
REPEATABLE = (*READS, "PUT", "DELETE")
OPENC2_TYPE = "application/openc2+json;version=1.0"


class Requests:
    """HTTP requests. One that may be repeated (RFC 9110 clause 9.2.2) is repeated after a crash; POST and PATCH only
    where the playbook says that the other side honours ``Idempotency-Key``."""

    def __init__(self, secrets: Secrets, *, verify: Any = True, usual_type: str = "application/json") -> None:
        self._secrets = secrets
        self._verify = verify
        self._usual_type = usual_type

    def certainty(self, order: Order) -> Certainty:
        """Repeat, or ask."""
        if order.certainty is not None:
            return Certainty.KEY if order.certainty is Certainty.KEY else Certainty.NONE
        return Certainty.KEY if order.text.split(" ", 1)[0] in REPEATABLE else Certainty.NONE

    def act(self, order: Order) -> Outcome:
        """Send it; success is a status below 400."""
        method, target = order.text.split(" ", 1)
        headers = {"Idempotency-Key": order.key, **order.headers}
        if order.body and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = self._usual_type
        self._authenticate(order, headers)
        try:
            return self._send(method, address_of(order.target, target), headers, order)
        except httpx.HTTPError as error:
            raise AppError(
                ErrorKind.UNAVAILABLE,
                "playbooks.act.unreachable",
                place=method,
                problem=f"{type(error).__name__}: {error}"[:200],
            ) from None

    def _send(self, method: str, url: str, headers: dict[str, str], order: Order) -> Outcome:
        with (
            httpx.Client(
                timeout=order.timeout_s, follow_redirects=False, verify=self._verify, trust_env=False
            ) as client,
            client.stream(method, url, headers=headers, content=order.body.encode() or None) as answer,
        ):
            body = _body(answer)
            output = {"status": str(answer.status_code), "headers": dict(answer.headers), "body": body, "stdout": body}
            ok = answer.status_code < 400
            return Outcome(ok=ok, output=output, reason="" if ok else f"HTTP {answer.status_code}")

    def _authenticate(self, order: Order, headers: dict[str, str]) -> None:
        if not order.secret:
            return
        value = self._secrets.get(order.secret)
        if order.username:
            headers["Authorization"] = httpx.BasicAuth(order.username, value)._auth_header
        else:
            headers["Authorization"] = f"Bearer {value}"

    def probe(self, order: Order) -> Seen:
        """A request leaves nothing that can be looked at."""
        return Seen.UNKNOWN

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """What is declared; else the request itself where it may change something."""
        method, target = order.text.split(" ", 1)
        if order.effects or method in READS:
            return order.effects
        return (Effect("http-request", f"{method} {address_of(order.target, target)}"),)


class OpenC2(Requests):
    """OpenC2 commands over HTTP (OpenC2 transfer over HTTPS 1.1)."""

    def __init__(self, secrets: Secrets, *, verify: Any = True) -> None:
        super().__init__(secrets, verify=verify, usual_type=OPENC2_TYPE)

    def effects(self, order: Order) -> tuple[Effect, ...]:
        """Action and target of the command."""
        if order.effects:
            return order.effects
        request = _request_of(order.body)
        aim = request.get("target")
        target = aim if isinstance(aim, dict) else {}
        kind, value = next(iter(target.items()), ("", ""))
        return (Effect(f"openc2:{request.get('action', 'unknown')}", f"{kind} {json.dumps(value)[:200]}".strip()),)


def _request_of(body: str) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    for key in ("body", "openc2", "request"):
        if isinstance(found, dict) and isinstance(found.get(key), dict):
            found = found[key]
    return found if isinstance(found, dict) else {}


def _body(answer: httpx.Response) -> str:
    parts, size = [], 0
    for part in answer.iter_bytes():
        parts.append(part)
        size += len(part)
        if size > MAX_OUTPUT:
            break
    return b"".join(parts)[:MAX_OUTPUT].decode("utf-8", "replace")


def address_of(party: Party | None, target: str) -> str:
    """The whole address of a request: an absolute target stands for itself, else the party says where."""
    if target.startswith(("http://", "https://")):
        return target
    if party is None or not party.address:
        raise AppError(ErrorKind.INVALID, "playbooks.act.no_address", place=target)
    for url in party.address.get("url", ()):
        base = str(url) if urlsplit(str(url)).scheme in ("http", "https") else f"http://{url}"
        return base.rstrip("/") + target
    host, port = host_of(party), party.port or "80"
    host = f"[{host}]" if ":" in host else host
    scheme = "https" if port in ("443", "8443") else "http"
    return f"{scheme}://{host}{'' if port in ('80', '443') else ':' + port}{target}"
