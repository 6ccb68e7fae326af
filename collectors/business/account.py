"""The account of one delivery: every record accepted, quarantined with a reason, or a repetition; nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import msgspec

from collectors.business.known_ids import KnownIds
from collectors.frames import FrameKind
from collectors.parsers.business import LAX, refusal_in
from infra.events.business import Refused, decode_event
from infra.events.business.rows import decode_lax
from infra.events.frame import Frame

SHOWN = 50
MAX_FRAME_RECORDS = 1_000
MAX_FRAME_BYTES = 1 << 20
AHEAD = timedelta(minutes=5)
"""What lies further in the future than this is a wrong clock (the pipeline judges alike)."""


class Refusal(msgspec.Struct, frozen=True):
    """A record that goes to quarantine."""

    record: int
    reason: str
    field: str
    detail: str


class Account(msgspec.Struct):
    """``records`` = ``accepted`` + ``quarantined`` + ``repeated``, always. ``first`` shows the first refusals."""

    records: int = 0
    accepted: int = 0
    quarantined: int = 0
    repeated: int = 0
    reasons: dict[str, int] = {}
    first: list[Refusal] = []


class Counting:
    """Makes frames of lines and keeps their account; ``identity`` names the delivery, so that a repeat is known."""

    def __init__(
        self, source: str, received: datetime, *, lax: bool = False, identity: str = "", peer: str = ""
    ) -> None:
        self.account = Account()
        self._source, self._received, self._lax, self._identity, self._peer = source, received, lax, identity, peer
        self._known = KnownIds()
        self._ids: list[str] = []

    def frames(self, lines: Iterable[bytes]) -> Iterator[Frame]:
        """Frames of about a thousand records."""
        part: list[bytes] = []
        size = number = 0
        for line in lines:
            self._judge(line)
            part.append(line)
            size += len(line)
            if len(part) >= MAX_FRAME_RECORDS or size >= MAX_FRAME_BYTES:
                self._settle()
                yield self._frame(part, number)
                part, size, number = [], 0, number + 1
        if part:
            self._settle()
            yield self._frame(part, number)

    def _judge(self, line: bytes) -> None:
        account = self.account
        account.records += 1
        found = refusal_in(line) or (decode_lax(line) if self._lax else decode_event(line))
        if isinstance(found, Refused):
            self._refuse(found.reason, found.field, found.detail)
        elif min(found.time, found.recorded) - self._received > AHEAD:
            self._refuse("future_timestamp", "time", "later than now: the clock of the sender is wrong")
        else:
            self._ids.append(found.id)

    def _settle(self) -> None:
        """Tell the events of a frame that are new from those named before."""
        repeated = self._known.repeated(self._ids)
        self.account.repeated += repeated
        self.account.accepted += len(self._ids) - repeated
        self._ids = []

    def _refuse(self, reason: str, field: str, detail: str) -> None:
        account = self.account
        account.quarantined += 1
        account.reasons[reason] = account.reasons.get(reason, 0) + 1
        if len(account.first) < SHOWN:
            account.first.append(Refusal(account.records, reason, field, detail))

    def _frame(self, part: list[bytes], number: int) -> Frame:
        meta = {LAX: "1"} if self._lax else {}
        identity = f"{self._identity}:{number}" if self._identity else ""
        received_ns = int(self._received.timestamp() * 1e9)
        body = b"\n".join(part)
        kind = FrameKind.BUSINESS
        return Frame(self._source, kind, len(part), received_ns, body, self._peer, identity, meta)
