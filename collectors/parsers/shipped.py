"""The parsers that are shipped: a frame's kind decides how it is split, the look of each record who reads it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

import msgspec

from collectors.frames import FrameKind
from collectors.parsers.flows import split_flows
from collectors.parsers.records import Context, refused
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.splitters import SPLITTERS
from collectors.parsers.telemetry import split_otlp_logs, split_otlp_metrics, split_remote_write
from infra.errors import AppError
from infra.events.frame import Frame

_log = logging.getLogger(__name__)
Answer = list[Parsed | Refused]
Splitter = Callable[[Context], Answer]


TELEMETRY: dict[str, Splitter] = {
    FrameKind.OTLP_LOGS: split_otlp_logs,
    FrameKind.OTLP_METRICS: split_otlp_metrics,
    FrameKind.REMOTE_WRITE: split_remote_write,
    FrameKind.FLOWS: split_flows,
}
_FAILURES = (
    AppError,
    msgspec.MsgspecError,
    ValueError,
    RecursionError,
    ArithmeticError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
)


class ShippedParsers:
    """Implements ``Parsers``. ``more`` adds kinds (flows, traps, messages of brokers) without touching this file."""

    def __init__(self, more: Mapping[str, Splitter] | None = None) -> None:
        self._splitters: dict[str, Splitter] = {**SPLITTERS, **TELEMETRY, **(more or {})}

    def parse(self, frame: Frame) -> Answer:
        """One answer per record; a frame that no parser survives comes back as one refusal of all its records."""
        splitter = self._splitters.get(frame.kind)
        if splitter is None:
            return [
                refused(
                    "unknown_kind", "", f"no parser reads frames of kind {frame.kind[:40]!r}", frame.body, frame.count
                )
            ]
        try:
            answer = splitter(Context(frame, live=frame.kind == FrameKind.SYSLOG))
        except _FAILURES as error:
            _log.exception("parser.failed", extra={"kind": frame.kind, "source": frame.source})
            detail = f"the parser failed ({type(error).__name__}); the bytes are kept, replay them after an update"
            return [refused("parser_failed", "", detail, frame.body, frame.count)]
        return _balanced(answer, frame)


def _balanced(answer: Answer, frame: Frame) -> Answer:
    """The account must add up: a difference is a quarantined record, never silence."""
    missing = frame.count - sum(each.records for each in answer)
    if missing > 0:
        answer.append(
            refused("miscounted", "", f"{missing} records were announced that the frame does not hold", b"", missing)
        )
    elif missing < 0:
        detail = f"the frame announced {frame.count} records and holds {frame.count - missing}"
        return [refused("miscounted", "", detail, frame.body, frame.count)] if frame.count > 0 else []
    return answer
