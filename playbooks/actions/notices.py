"""Notices: by e-mail, webhook, syslog and in the platform itself. Each carries the key of its order as message id.

A notice cannot be taken back. One that was perhaps sent before a crash is asked for in the outbox the platform keeps: a
sent notice leaves its mark there right after the other side took it.
"""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from infra.clock import rfc3339
from playbooks.actions.action import DONE, Action, Before, Words, usage
from playbooks.engine.orders import Outcome, Seen
from playbooks.model.guard import Effect

TIMEOUT_S = 20.0
_MAIL = re.compile(r"[^@\s<>,;]{1,64}@[^@\s<>,;]{1,255}")
MAX_TEXT = 8_000


class Outbox:
    """Marks of notices that were taken by the other side; the same notice to the same place is sent once per order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mark(self, key: str) -> None:
        """It was taken."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._path(key).write_text(rfc3339(datetime.now(UTC)))

    def has(self, key: str) -> bool:
        """Was it taken?"""
        return self._path(key).exists()

    def _path(self, key: str) -> Path:
        return self._folder / hashlib.sha256(key.encode()).hexdigest()[:32]


class Notice:
    """A notice to one place; a way to send it says where that is and how."""

    name = ""
    usage = ""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """Somebody hears of it."""
        place, _ = self._read(words)
        return (Effect("notify", f"{self.name.removeprefix('notify-')}:{place}", reversible=False),)

    def act(self, words: Words, key: str) -> Outcome:
        """Send, then mark."""
        place, text = self._read(words)
        if self._outbox.has(key):
            return Outcome(ok=True, output={"stdout": "sent before"})
        try:
            receipt = self._send(place, text, key)
        except (OSError, smtplib.SMTPException, httpx.HTTPError) as error:
            return Outcome(ok=False, reason=f"{type(error).__name__}: {error}"[:300])
        self._outbox.mark(key)
        return Outcome(ok=True, output={"stdout": receipt})

    def probe(self, words: Words, key: str) -> Seen:
        """Marked: sent. Not marked: sent again with the same message id, which the other side can recognise."""
        return Seen.DONE if self._outbox.has(key) else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """What was said was said."""
        return DONE

    def _read(self, words: Words) -> tuple[str, str]:
        if len(words) != 2 or not words[1].strip():
            raise usage(self, " ".join(words)[:80])
        return self._place(words[0]), words[1][:MAX_TEXT]

    def _place(self, word: str) -> str:
        return word

    def _send(self, place: str, text: str, key: str) -> str:
        raise NotImplementedError


class NotifyMail(Notice):
    """``notify-mail ADDRESS TEXT``."""

    name = "notify-mail"
    usage = "notify-mail ADDRESS TEXT"

    def __init__(self, outbox: Outbox, server: str, sender: str) -> None:
        super().__init__(outbox)
        self._server, self._sender = server, sender

    def _place(self, word: str) -> str:
        if not _MAIL.fullmatch(word):
            raise usage(self, word)
        return word

    def _send(self, place: str, text: str, key: str) -> str:
        message = EmailMessage()
        message["From"], message["To"] = self._sender, place
        message["Subject"] = " ".join(text.splitlines()[:1])[:120]
        message["Message-ID"] = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@yaodun>"
        message.set_content(text)
        host, _, port = self._server.rpartition(":")
        with smtplib.SMTP(host, int(port), timeout=TIMEOUT_S) as server:
            refused = server.send_message(message)
        return "taken" if not refused else str(refused)


class NotifyWebhook(Notice):
    """``notify-webhook URL TEXT``: POST ``{text, id}``."""

    name = "notify-webhook"
    usage = "notify-webhook http(s)://... TEXT"

    def _place(self, word: str) -> str:
        if urlsplit(word).scheme not in ("http", "https"):
            raise usage(self, word)
        return word

    def _send(self, place: str, text: str, key: str) -> str:
        headers = {"Idempotency-Key": key}
        answer = httpx.post(place, json={"text": text, "id": key}, headers=headers, timeout=TIMEOUT_S, trust_env=False)
        answer.raise_for_status()
        return f"HTTP {answer.status_code}"


class NotifySyslog(Notice):
    """``notify-syslog HOST:PORT TEXT``: RFC 5424 over TCP, octet counting (RFC 6587)."""

    name = "notify-syslog"
    usage = "notify-syslog HOST:PORT TEXT"

    def _place(self, word: str) -> str:
        host, _, port = word.rpartition(":")
        if not host or not port.isdigit():
            raise usage(self, word)
        return word

    def _send(self, place: str, text: str, key: str) -> str:
        host, _, port = place.rpartition(":")
        line = " ".join(text.split())
        body = f"<108>1 {rfc3339(datetime.now(UTC))} {socket.gethostname()} yaodun - {key[-32:]} - {line}".encode()
        with socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT_S) as wire:
            wire.sendall(str(len(body)).encode() + b" " + body)
        return "sent"


class NotifyHere(Notice):
    """``notify-here WHO TEXT``: a notice in the platform, to a person or a role."""

    name = "notify-here"
    usage = "notify-here PERSON|ROLE TEXT"

    def __init__(self, outbox: Outbox, tell: Callable[[str, str, str], None]) -> None:
        super().__init__(outbox)
        self._tell = tell

    def _send(self, place: str, text: str, key: str) -> str:
        self._tell(place, text, key)
        return "told"


def all_of(outbox: Outbox, server: str, sender: str, tell: Callable[[str, str, str], None]) -> list[Action]:
    """The actions of this file."""
    return [NotifyMail(outbox, server, sender), NotifyWebhook(outbox), NotifySyslog(outbox), NotifyHere(outbox, tell)]
