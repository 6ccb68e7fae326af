"""The message behind a header: JSON, CEF, LEEF, auditd, the table of its program, or the table of its look."""

from __future__ import annotations

from collectors.parsers.auditd import AUDIT_LINE, read_audit_line
from collectors.parsers.cef import read_cef, read_leef
from collectors.parsers.key_values import read_colon_pairs, read_key_values
from collectors.parsers.tables import shipped_tables
from collectors.parsers.times import Clockwork
from collectors.parsers.windows_xml import START, read_windows_xml
from infra.events.stream import Event


def read_message(message: str, program: str, clock: Clockwork) -> tuple[str, Event]:
    """Name of the parser that understood ``message`` and its fields; '' and {} where none did."""
    tables = shipped_tables()
    message = message.strip()
    if program and (table := tables.for_program(program)):
        fields = table.read(message, clock)
        if fields is not None:
            if module := table.module_of(program):
                fields["event.module"] = module
            return table.name, fields
    if message.startswith("CEF:"):
        return _named("cef", read_cef(message, clock))
    if message.startswith("LEEF:"):
        return _named("leef", read_leef(message, clock))
    if message.startswith(START):
        return _named("windows", read_windows_xml(message, clock))
    if AUDIT_LINE.match(message):
        return _named("auditd", read_audit_line(message, clock))
    if (look := tables.for_look(message)) and (fields := look.read(message, clock)) is not None:
        return look.name, fields
    if pairs := read_key_values(message, program, clock):
        return "key_values", pairs
    return _named("colon_pairs", read_colon_pairs(message))


def _named(name: str, fields: Event | None) -> tuple[str, Event]:
    return (name, fields) if fields else ("", {})
