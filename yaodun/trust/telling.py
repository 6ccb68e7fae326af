"""The trust room watches itself: what it did, and what is wrong with it, become events like anybody else's.

Everything of trust that enters the ledger, and what a look around finds (certificates near their end, weak keys, stale
lists of others, sudden verification), goes to the receivers with a source token, the same way a shipper's records go.
Each has an identity of its own, so that telling twice stores once.
"""

from __future__ import annotations

import logging
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from infra.clock import rfc3339
from infra.durable import replace_file
from infra.errors import AppError
from infra.ids import stable_id
from infra.ledger.entry import NumberedEntry, read_leaf
from infra.ledger.rows import LeafRow
from infra.web.seams import Actor
from yaodun.site import Site
from yaodun.trust.lookout import Finding, Lookout

log = logging.getLogger(__name__)
SOURCE, DATASET, BATCH = "yaodun.trust", "yaodun.trust", 500
TIMEOUT_S = 10.0
_CATEGORIES = (("trust.session.", "authentication"), ("trust.user.", "iam"), ("trust.access.", "iam"))
_FAILURES = ("refused", "denied", "abandon")
Known = tuple[str, dict[str, Any]]


class Telling:
    """Tells events of one site; how far is remembered in a file."""

    def __init__(self, site: Site, lookout: Lookout) -> None:
        self._site, self._lookout = site, lookout
        self._mark = site.home.state / "trust-events.mark"
        self._token = site.home.secrets / "trust-source.key"
        self.told = 0

    def turn(self) -> int:
        """Tell what is new; how many events."""
        leaves = self._new()
        events = [event_of(number, entry) for number, entry in leaves if entry.action.startswith("trust.")]
        now = self._site.clock.now()
        events += [finding_event(found, now) for found in self._lookout.findings(now)]
        if events and not self._send(events):
            return 0
        if leaves:
            self._keep(leaves[-1][0] + 1)
        self.told += len(events)
        return len(events)

    def _new(self) -> list[tuple[int, NumberedEntry]]:
        start = int(self._mark.read_text()) if self._mark.exists() else 0
        query = select(LeafRow.leaf, LeafRow.body).where(LeafRow.leaf >= start).order_by(LeafRow.leaf).limit(BATCH)

        def look(session: Session) -> list[tuple[int, NumberedEntry]]:
            return [(row.leaf, read_leaf(row.body)) for row in session.execute(query)]

        return self._site.records.read(look)

    def _keep(self, number: int) -> None:
        replace_file(self._mark, str(number).encode())

    def _send(self, events: Iterable[Known]) -> bool:
        body = b"".join(_lines(events))
        for fresh in (False, True):
            answer = self._post(body, self._secret(fresh))
            if answer != 401:
                return answer == 200
        return False

    def _post(self, body: bytes, secret: str) -> int:
        headers = {"authorization": f"Bearer {secret}", "content-type": "application/x-ndjson"}
        url = f"http://{self._site.settings.ingest.http_listen}/_bulk"
        asked = urllib.request.Request(url, body, headers)
        try:
            with urllib.request.urlopen(asked, timeout=TIMEOUT_S) as answer:  # noqa: S310
                return int(answer.status)
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        except OSError:
            return 0

    def _secret(self, fresh: bool) -> str:
        """The source token of this room; a new one where there is none, or where it is over."""
        if fresh or not self._token.exists():
            actor = Actor(id="runner", name="runner", kind="service")
            made = self._site.tokens.create_source(actor, SOURCE, 3650)
            replace_file(self._token, made.secret.encode(), private=True)
        return self._token.read_text()


def _lines(events: Iterable[Known]) -> Iterator[bytes]:
    for name, event in events:
        yield orjson.dumps({"create": {"_index": "yaodun-trust", "_id": name}}) + b"\n"
        yield orjson.dumps(event) + b"\n"


def event_of(number: int, entry: NumberedEntry) -> Known:
    """The ECS event of a ledger entry, known by its place in the ledger."""
    failed = any(word in entry.action for word in _FAILURES)
    category = next((name for prefix, name in _CATEGORIES if entry.action.startswith(prefix)), "configuration")
    event = {
        "@timestamp": entry.time,
        "event.kind": "event",
        "event.category": [category],
        "event.type": ["info"],
        "event.action": entry.action,
        "event.outcome": "failure" if failed else "success",
        "event.dataset": DATASET,
        "event.module": "trust",
        "event.provider": "ledger",
        "user.id": entry.actor.get("id", ""),
        "user.name": entry.actor.get("name", ""),
        "message": f"{entry.action} {entry.thing} {orjson.dumps(entry.detail).decode()}"[:4000],
        **_certificate(entry),
    }
    return f"ledger-{number}", {key: value for key, value in event.items() if value != ""}


def _certificate(entry: NumberedEntry) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if entry.thing.startswith("certificate:"):
        found["x509.serial_number"] = entry.thing.partition(":")[2]
    if isinstance(subject := entry.detail.get("subject"), str):
        found["x509.subject.distinguished_name"] = subject
    if isinstance(address := entry.detail.get("address"), str) and address:
        found["source.ip"] = address
    return found


def finding_event(found: Finding, now: datetime) -> Known:
    """The ECS event of something a look around found; the same one at most once a day."""
    event = {
        "@timestamp": rfc3339(now),
        "event.kind": "alert",
        "event.category": ["configuration"],
        "event.type": ["info"],
        "event.action": found.action,
        "event.dataset": DATASET,
        "event.module": "trust",
        "event.provider": "lookout",
        "event.severity": found.severity,
        "message": found.text,
        **found.fields,
    }
    return stable_id(found.action, found.thing, now.date().isoformat()), event


def quietly(telling: Telling) -> int:
    """A turn whose failure is logged and tried again."""
    try:
        return telling.turn()
    except (AppError, OSError, ValueError):
        log.exception("trust.telling_failed")
        return 0
