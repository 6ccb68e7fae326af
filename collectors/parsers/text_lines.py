"""One line of text: a syslog message, a line of a known file, or a line kept whole."""

from __future__ import annotations

import orjson

from collectors.parsers.ecs_values import relate
from collectors.parsers.json_records import read_json
from collectors.parsers.message import read_message
from collectors.parsers.records import Context
from collectors.parsers.syslog import looks_like_syslog, read_syslog
from collectors.parsers.tables import shipped_tables
from infra.events.stream import Event


def read_syslog_record(context: Context, raw: bytes) -> Event:
    """The document of a syslog message."""
    document, text = context.document(raw)
    return _syslog(context, document, text)


def read_line(context: Context, raw: bytes) -> Event:
    """The document of a line: by the parser the frame names, the path of the file, or the look of the line."""
    document, text = context.document(raw)
    tables = shipped_tables()
    meta = context.frame.meta
    table = tables.by_name.get(meta.get("parser", "")) or (tables.for_path(meta["path"]) if "path" in meta else None)
    if table is not None and (fields := table.read(text, context.clock)) is not None:
        if module := table.module_of(meta.get("path", "")):
            fields["event.module"] = module
        return _finished(document, table.name, fields, text)
    if looks_like_syslog(text):
        return _syslog(context, document, text)
    parser, fields = read_message(text, "", context.clock)
    return _finished(document, parser, fields, text)


def _syslog(context: Context, document: Event, text: str) -> Event:
    header, message = read_syslog(text, context.clock)
    program = header.get("process.name", "")
    parser, fields = _body(message, program, context)
    peer = context.frame.peer
    document.update(header)
    document.update(fields)
    document.setdefault("message", message)
    if "host.name" not in document and peer:
        document["host.name"] = peer
    # A header alone is worth the name of a parser; a line with nothing of it stays unknown, whole and searchable.
    if parser or len(header) > 0:
        document["yaodun.parser"] = f"syslog/{parser}" if parser else "syslog"
    if context.live and "@timestamp" in header:
        document["yaodun.skew_ms"] = round((context.clock.received - header["@timestamp"]).total_seconds() * 1000)
    relate(document)
    return document


def _body(message: str, program: str, context: Context) -> tuple[str, Event]:
    body = message.removeprefix("@cee:").lstrip() if message.startswith(("@cee:", "{")) else ""
    if body.startswith("{"):
        try:
            tree = orjson.loads(body)
        except orjson.JSONDecodeError:
            tree = None
        if isinstance(tree, dict) and (known := next(read_json(tree, context.clock), None)):
            return known[0], known[1]
    return read_message(message, program, context.clock)


def _finished(document: Event, parser: str, fields: Event, text: str) -> Event:
    document.update(fields)
    document.setdefault("message", text.rstrip("\r\0"))
    if parser:
        document["yaodun.parser"] = parser
    relate(document)
    return document
