"""How each kind of frame is split into records, and each record read; one bad record never costs its neighbours."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import orjson

from collectors.frames import FrameKind, unpack_records
from collectors.parsers.auditd import MAX_JOINED, AuditRecord, read_audit, split_audit
from collectors.parsers.business import business_record, looks_like_business, split_business
from collectors.parsers.flatten import TooDeepError
from collectors.parsers.journal import read_journal
from collectors.parsers.json_records import read_json
from collectors.parsers.records import MAX_RECORD, Context, parsed, refused, too_large
from collectors.parsers.seams import Parsed, Refused
from collectors.parsers.tables import shipped_tables
from collectors.parsers.text_lines import read_line, read_syslog_record
from collectors.receivers.bulk import read_bulk_pairs
from infra.events.stream import Event, Stream

_log = logging.getLogger(__name__)
Answer = list[Parsed | Refused]
_FAILURES = (
    ValueError,
    KeyError,
    IndexError,
    TypeError,
    AttributeError,
    RecursionError,
    ArithmeticError,
    msgspec.MsgspecError,
)


def guarded(raw: bytes, read: Callable[..., Answer], *arguments: Any) -> Answer:
    """What ``read`` gives for one record, or its refusal: a parser's own fault is logged and costs this record only."""
    try:
        return read(*arguments)
    except TooDeepError as error:
        return [refused("too_complex", "", f"the record is {error}; flatten it at the sender", raw)]
    except _FAILURES as error:
        _log.exception("parser.failed")
        detail = f"the parser failed ({type(error).__name__}); the bytes are kept, replay them after an update"
        return [refused("parser_failed", "", detail, raw)]


def split_syslog(context: Context) -> Answer:
    """Messages of a syslog receiver."""
    answer: Answer = []
    oversize = int(context.frame.meta.get("oversize", "0"))
    seen: dict[bytes, Parsed] = {}
    for raw in unpack_records(context.frame.body):
        if (known := seen.get(raw)) is not None:
            answer.append(known)
        elif oversize or len(raw) > MAX_RECORD:
            answer.append(too_large(raw, oversize or len(raw)))
        else:
            answer += guarded(raw, _syslog, context, raw, seen)
    return answer


def _syslog(context: Context, raw: bytes, seen: dict[bytes, Parsed]) -> Answer:
    # The same line again within a frame gives the same answer; the pipeline knows it by its being the same object.
    seen[raw] = parsed(read_syslog_record(context, raw))
    return [seen[raw]]


def _lines_at(context: Context) -> Iterator[tuple[bytes, int]]:
    position = int(context.frame.meta.get("offset", "0"))
    for line in context.frame.body.split(b"\n"):
        if line.strip():
            yield line.removesuffix(b"\r"), position
        position += len(line) + 1


def split_lines_of_text(context: Context) -> Answer:
    """Lines of a file or of a replay; the records of one audit event are joined where the first of them stands."""
    identity = context.frame.identity
    units: list[_Line | _AuditEvent] = []
    events: dict[Any, _AuditEvent] = {}
    for raw, offset in _lines_at(context):
        own = f"{identity}:{offset}" if identity else ""
        record = _audit_record(raw)
        if record is None:
            units.append(_Line(raw, own))
            continue
        event = events.get(record.key)
        if event is None or len(event.raws) >= MAX_JOINED:
            event = events[record.key] = _AuditEvent(own)
            units.append(event)
        event.records.append(record)
        event.raws.append(raw)
    return [item for unit in units for item in unit.read(context)]


@dataclass(slots=True)
class _Line:
    raw: bytes
    identity: str

    def read(self, context: Context) -> Answer:
        if len(self.raw) > MAX_RECORD:
            return [too_large(self.raw, len(self.raw))]
        return guarded(self.raw, _line, context, self.raw, self.identity)


@dataclass(slots=True)
class _AuditEvent:
    identity: str
    records: list[AuditRecord] = field(default_factory=list)
    raws: list[bytes] = field(default_factory=list)

    def read(self, context: Context) -> Answer:
        raw = b"\n".join(self.raws)
        answer = guarded(raw, self._document, context, raw)
        answer[0].records = len(self.raws)
        return answer

    def _document(self, context: Context, raw: bytes) -> Answer:
        document, _ = context.document(raw)
        document.update(read_audit(self.records))
        document["yaodun.parser"] = "auditd"
        return [parsed(document, identity=self.identity)]


def _audit_record(raw: bytes) -> AuditRecord | None:
    if len(raw) > MAX_RECORD or b"audit(" not in raw[:160] or b"type=" not in raw[:96]:
        return None
    return split_audit(raw.decode("utf-8", "replace"))


def _line(context: Context, raw: bytes, identity: str) -> Answer:
    stripped = raw.lstrip(b" \t\xef\xbb\xbf")
    if stripped[:1] == b"{" and not _of_table(context) and (tree := _json(stripped)) is not None:
        return _documents(context, raw, tree, identity)
    return [parsed(read_line(context, raw), identity=identity)]


def _of_table(context: Context) -> bool:
    """Whether the file's table wants its lines even where they are JSON."""
    path = context.frame.meta.get("path")
    table = shipped_tables().for_path(path) if path else None
    return table is not None and table.spec.json_too


def _json(raw: bytes) -> dict[str, Any] | None:
    try:
        tree = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return tree if isinstance(tree, dict) else None


def split_ndjson(context: Context) -> Answer:
    """JSON documents, one a line."""
    answer: Answer = []
    for raw in [line.removesuffix(b"\r") for line in context.frame.body.split(b"\n") if line.strip()]:
        answer += guarded(raw, _json_line, context, raw, "")
    return answer


def split_bulk(context: Context) -> Answer:
    """Items of ``_bulk``: the receiver has made sure that every action has its document."""
    default = context.frame.meta.get("index", "")
    answer: Answer = []
    for index, given, _, raw in read_bulk_pairs(context.frame.body):
        name = index or default
        identity = f"{name}/{given}" if given else ""
        answer += guarded(raw, _json_line, context, raw, identity)
        if name and answer and isinstance(last := answer[-1], Parsed):
            last.document.setdefault("data_stream.dataset", name)
    return answer


def _json_line(context: Context, raw: bytes, identity: str) -> Answer:
    if len(raw) > MAX_RECORD:
        return [too_large(raw, len(raw))]
    try:
        tree = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        return [refused("malformed_json", "", f"not valid JSON: {error}; the sender must write RFC 8259 in UTF-8", raw)]
    if not isinstance(tree, dict):
        return [refused("not_an_object", "", f"a document is a JSON object, this is {type(tree).__name__}", raw)]
    return _documents(context, raw, tree, identity)


def _documents(context: Context, raw: bytes, tree: dict[str, Any], identity: str) -> Answer:
    if looks_like_business(tree):
        return [business_record(context, raw)]
    answer: Answer = []
    for number, (parser, document, stream) in enumerate(read_json(tree, context.clock)):
        context.complete(document, raw if number == 0 else b"")
        document.setdefault("yaodun.parser", parser)
        own = f"{identity}:{number}" if identity and number else identity
        answer.append(Parsed(stream, document, own, 1 if number == 0 else 0))
    return answer


def split_journal(context: Context) -> Answer:
    """Entries of ``journalctl -o json``."""
    answer: Answer = []
    for raw, _ in _lines_at(context):
        answer += guarded(raw, _entry, context, raw)
    return answer


def _entry(context: Context, raw: bytes) -> Answer:
    tree = _json(raw)
    if tree is None:
        return [refused("malformed_json", "", "not an entry of the journal in JSON", raw)]
    document, _ = context.document(raw)
    document.update(read_journal(tree, context.clock))
    document.setdefault("yaodun.parser", "journal")
    cursor = tree.get("__CURSOR")
    return [parsed(document, identity=cursor if isinstance(cursor, str) else "")]


_decode_documents = msgspec.msgpack.Decoder(list[dict[str, Any]]).decode


def split_documents(context: Context) -> Answer:
    """Flat documents of our own agents and pollers; ``yaodun.stream`` in a document names its stream."""
    answer: Answer = []
    identity = context.frame.identity
    for number, document in enumerate(_decode_documents(context.frame.body)):
        own = f"{identity}:{number}" if identity else ""
        answer.append(_own_document(context, document, own))
    return answer


def _own_document(context: Context, document: Event, identity: str) -> Parsed | Refused:
    try:
        stream = Stream(document.pop("yaodun.stream", Stream.LOGS))
    except ValueError:
        return refused("unknown_stream", "yaodun.stream", "the document names a stream that does not exist", b"")
    return parsed({**context.inherited, "yaodun.parser": "documents", **document}, stream, identity)


def split_k8s_audit(context: Context) -> Answer:
    """The EventList of the Kubernetes audit webhook: one record per event."""
    tree = orjson.loads(context.frame.body)
    answer: Answer = []
    for item in tree["items"]:
        raw = orjson.dumps(item)
        identity = f"{item.get('auditID', '')}/{item.get('stage', '')}" if isinstance(item, dict) else ""
        answer += guarded(raw, _json_line, context, raw, identity)
    return answer


SPLITTERS: dict[str, Callable[[Context], Answer]] = {
    FrameKind.SYSLOG: split_syslog,
    FrameKind.FILE: split_lines_of_text,
    FrameKind.LINES: split_lines_of_text,
    FrameKind.NDJSON: split_ndjson,
    FrameKind.BULK: split_bulk,
    FrameKind.JOURNAL: split_journal,
    FrameKind.DOCUMENTS: split_documents,
    FrameKind.K8S_AUDIT: split_k8s_audit,
    FrameKind.BUSINESS: split_business,
}
"""Splitters by kind of frame, those of telemetry apart."""
