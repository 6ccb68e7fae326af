"""The verifier of a site: anchors where they are given, else the trust list; good answers are remembered for a while.

A remembered answer lasts a minute at most, never past the end of a certificate or list it rests on, and is forgotten
the moment a new version of the trust list is published: a withdrawn authority is out at once.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Lock

from trust.trustlist.publish import History, ListStore
from trust.trustlist.recognise import recognise
from trust.trustlist.status import StatusStore
from trust.validation.certificate import read_certificate
from trust.validation.evidence import verify
from trust.validation.request import Gathered, Request, gather
from trust.validation.verdict import Outcome, Verdict

_KEPT = 20_000
_LIFE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Kept:
    verdict: Verdict
    version: tuple[int, str]
    since: datetime
    until: datetime


class Verifier:
    """Answers requests. ``lists`` None: there is no trust list here, anchors must be given."""

    def __init__(self, lists: ListStore | None = None, status: StatusStore | None = None) -> None:
        self._lists, self._status = lists, status
        self._known: OrderedDict[bytes, _Kept] = OrderedDict()
        self._lock = Lock()
        self.asked = 0
        """Questions so far; a sudden rise is worth a look."""

    def history(self) -> History:
        """All versions of the trust list."""
        return self._lists.history() if self._lists is not None else History([])

    def basis(self) -> tuple[int, str]:
        """What verdicts rest on now: the list's version and the newest revocation list."""
        latest = self.history().latest
        return (latest.version if latest else 0), (self._status.version() if self._status is not None else "")

    def verify(self, request: Request) -> Verdict:
        """The verdict, with evidence; a remembered one where nothing it rests on has changed."""
        self.asked += 1
        history = self.history()
        version = history.latest.version if history.latest else 0
        known = self._status.version() if self._status is not None and request.anchors is None else ""
        key = _key(request) if request.at == request.now else b""
        if key and (kept := self._remembered(key, (version, known), request.now)):
            return kept.verdict
        if request.anchors is None:
            request = self._with_status(request, history)
        gathered = gather(request)
        verdict = verify(gathered) if request.anchors is not None else recognise(history, request)
        if key and verdict.outcome is Outcome.VALID:
            self._remember(key, _Kept(verdict, (version, known), request.now, _until(verdict, gathered, history)))
        return verdict

    def _with_status(self, request: Request, history: History) -> Request:
        """The request with the lists the site knows of every issuer that may matter."""
        current = history.at(request.at)
        if self._status is None or current is None:
            return request
        pool = [*gather(request).pool]
        pool += [read_certificate(der) for entry in current.entries for der in entry.certificates]
        return replace(request, crls=(*request.crls, *self._status.documents(one.issuer for one in pool)))

    def _remembered(self, key: bytes, version: tuple[int, str], now: datetime) -> _Kept | None:
        with self._lock:
            kept = self._known.get(key)
            if kept is None:
                return None
            if kept.version != version or not kept.since <= now < kept.until:
                del self._known[key]
                return None
            self._known.move_to_end(key)
            return kept

    def _remember(self, key: bytes, kept: _Kept) -> None:
        with self._lock:
            self._known[key] = kept
            if len(self._known) > _KEPT:
                self._known.popitem(last=False)


def _until(verdict: Verdict, gathered: Gathered, history: History) -> datetime:
    moments = [gathered.request.now + _LIFE, *(certificate.not_after for certificate in verdict.chain)]
    moments += [crl.next_update for crl in gathered.crls if crl.next_update]
    moments += [a.next_update for response in gathered.responses for a in response.answers if a.next_update]
    if history.latest is not None and gathered.request.anchors is None:
        moments.append(history.latest.next_update)
    return min(moments)


def _key(request: Request) -> bytes:
    digest = hashlib.blake2b(digest_size=24)
    for part in _parts(request):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


def _parts(request: Request) -> Iterator[bytes]:
    groups = (request.documents, request.crls, request.responses, (request.anchors,) if request.anchors else ())
    for group in groups:
        yield str(len(group)).encode()
        for document in group:
            yield document.place.encode()
            yield document.data
    yield b"-" if request.content is None else b"+" + request.content
    yield request.sm2_id
    yield repr(
        (
            request.name,
            request.usage,
            request.policies,
            request.require_explicit,
            request.inhibit_mapping,
            request.inhibit_any,
            request.max_depth,
            request.profile,
            request.revocation,
            request.purpose,
            request.min_level,
        )
    ).encode()
