"""Text messages (SMS) through the gateway of the site, whatever its form: a template of its body, a secret by name, and
what its answer looks like when it took the message.

Gateways of providers differ in names only: they take a POST with number and text, and many answer 200 with an error in
the body. So a site says how the body reads and what a good answer must match.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import httpx

from infra.errors import AppError, ErrorKind
from playbooks.actions.action import usage
from playbooks.actions.notices import TIMEOUT_S, Notice, Outbox
from playbooks.actions.secrets import Secrets

_NUMBER = re.compile(r"\+?[0-9]{5,15}")
MAX_MESSAGE = 500
BODY = '{"number": "{number}", "text": "{text}", "id": "{id}"}'


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where messages go. ``body`` is JSON with ``{number}``, ``{text}`` and ``{id}`` in its strings (empty: ``BODY``),
    ``secret`` the name of a token sent as ``Authorization: Bearer``, ``taken`` an expression a good answer holds."""

    url: str = ""
    body: str = ""
    secret: str = ""
    taken: str = ""

    def filled(self, number: str, text: str, key: str) -> bytes:
        """The body of one message. ``AppError(INVALID)`` where the template is no JSON."""
        made = self.body or BODY
        for name, value in (("number", number), ("id", key), ("text", text)):
            made = made.replace("{" + name + "}", json.dumps(value, ensure_ascii=False)[1:-1])
        try:
            json.loads(made)
        except ValueError as error:
            raise AppError(
                ErrorKind.INVALID, "playbooks.act.sms_body", place="playbooks.sms_body", problem=str(error)
            ) from None
        return made.encode()


class NotifySms(Notice):
    """``notify-sms NUMBER TEXT``."""

    name = "notify-sms"
    usage = "notify-sms NUMBER TEXT"

    def __init__(self, outbox: Outbox, gateway: Gateway, secrets: Secrets) -> None:
        super().__init__(outbox)
        self._gateway, self._secrets = gateway, secrets

    def _place(self, word: str) -> str:
        if not _NUMBER.fullmatch(word):
            raise usage(self, word)
        return word

    def _send(self, place: str, text: str, key: str) -> str:
        gateway = self._gateway
        if not gateway.url:
            raise AppError(ErrorKind.UNAVAILABLE, "playbooks.act.no_sms", place="playbooks.sms_gateway")
        headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": key}
        if gateway.secret:
            headers["Authorization"] = f"Bearer {self._secrets.get(gateway.secret)}"
        body = gateway.filled(place, " ".join(text.split())[:MAX_MESSAGE], key)
        answer = httpx.post(gateway.url, content=body, headers=headers, timeout=TIMEOUT_S, trust_env=False)
        answer.raise_for_status()
        if gateway.taken and not re.search(gateway.taken, answer.text[:4_000]):
            raise OSError(f"the gateway answered {answer.text[:120]!r}")
        return f"HTTP {answer.status_code}"
