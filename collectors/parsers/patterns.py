"""The small pattern language of the parser tables: literal text with typed places, compiled to one regular expression.

``Failed {event.reason} for {user.name} from {source.ip} port {source.port}[[ ssh2]]``: a place is ``{field}`` or
``{field:shape}``; ``{_}`` is thrown away; ``[[...]]`` may be absent. Without a shape the type of the field in the
event table decides.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from collectors.parsers.times import FORMATS, Clockwork
from infra.events.stream import Event
from infra.events.table import FieldType, table

SHAPES = {
    "word": r"\S+",
    "any": r".*?",
    "some": r".+?",
    "rest": r".*",
    "int": r"-?\d+",
    "num": r"-?\d+(?:\.\d+)?",
    "hex": r"[0-9a-fA-F]+",
    "ip": (
        r"\d{1,3}(?:\.\d{1,3}){3}"
        r"|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){2,7}(?::?\d{1,3}(?:\.\d{1,3}){3})?(?:%\w{1,16})?"
    ),
    "host": r"[\w.:%-]+",
    "name": r"[^\s,;:()\[\]\"']+",
    "ident": r"[\w.@$-]+",
    "quoted": r"(?:[^\"\\]|\\.)*",
    "apostrophed": r"[^']*",
    "bracketed": r"[^\]]*",
    "comma": r"[^,]*",
    "semicolon": r"[^;]*",
    "paren": r"[^)]*",
    "angle": r"[^>]*",
    "path": r"/\S*",
    "path_some": r"/[^:]+",
    "blank": r"\s*",
    "slashed": r"[^\s/]+",
    "brace": r"\{[^}]*\}",
    "colon_before": r"[^\s:]+",
    "bracket_before": r"[^\s\[,]*",
    "queue_id": r"[0-9A-Za-z]{6,20}",
    "virus": r"[^\s()]+",
    "fail2ban": r"fail2ban\.[a-z.]+",
    "cisco_facility": r"[A-Z][A-Z0-9_]*(?:-\w+)?",
    "two": r"\d{2}",
    "bracketed_whole": r"\[.{0,200}?\]",
    "csv": r"[^\",]*",
    "semi": r";?",
    "unit": r"[\w@:\\-]+(?:\.[\w@:\\-]+)*",
    "open": r"\[?",
    "close": r"\]?",
    "upper": r"[A-Z][A-Z0-9_-]*",
    "bsd": r"[A-Za-z]{3} +\d{1,2} (?:\d{4} )?[\d:.]+",
    "bsd_year_last": r"[A-Za-z]{3} [A-Za-z]{3} +\d{1,2} [\d:.]+ \d{4}",
    "clf": r"\d{2}/[A-Za-z]{3}/\d{4}:[\d:]{8} [+-]\d{4}",
    "plain": (
        r"\d{4}[-/]\d{1,2}[-/]\d{1,2}[ T]\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,9})?"
        r"(?: ?(?:Z|UTC|GMT|CST|[+-]\d{2}:?(?:\d{2})?))?"
    ),
    "bsd_day": r"\d{1,2}-[A-Za-z]{3}-\d{4} [\d:.]+",
    "clf_no_zone": r"\d{2}/[A-Za-z]{3}/\d{4}:[\d:.]+",
    "compact": r"\d{8} \d{2}:\d{2}:\d{2}",
    "epoch": r"\d{9,19}(?:\.\d+)?",
}
"""Regular expressions of the shapes; those of the last group also read a time."""
_BY_TYPE = {FieldType.LONG: "int", FieldType.DOUBLE: "num", FieldType.IP: "ip"}
_PLACE = re.compile(r"\{([\w.@-]+)(?::(\w+))?\}|\[\[|\]\](?!\])")
_ABSENT = ("", "-")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern: ``match`` gives the fields found in a text, or None."""

    regex: re.Pattern[str]
    places: tuple[tuple[str, Callable[[str, Clockwork], Any]], ...]
    literal: str
    timed: bool

    def match(self, text: str, clock: Clockwork) -> Event | None:
        """Fields of ``text``; a place that holds nothing or ``-`` is left out."""
        found = self.regex.match(text)
        if found is None:
            return None
        event: Event = {}
        for value, (field, read) in zip(found.groups(), self.places, strict=True):
            if value is None or value in _ABSENT:
                continue
            reading = read(value, clock)
            if reading is not None:
                event.setdefault(field, reading)
        return event


def compile_pattern(text: str, *, whole: bool = True) -> Pattern:
    """``text`` compiled; ``whole`` asks that nothing follows it. Raises ``ValueError`` naming a place that is wrong."""
    parts: list[str] = []
    places: list[tuple[str, Callable[[str, Clockwork], Any]]] = []
    timed = False
    end = 0
    for found in _PLACE.finditer(text):
        parts.append(re.escape(text[end : found.start()]))
        end = found.end()
        if found[0] in ("[[", "]]"):
            parts.append("(?:" if found[0] == "[[" else ")?")
            continue
        shape = found[2] or _shape_of(found[1])
        if shape not in SHAPES:
            raise ValueError(f"{found[0]}: there is no shape {shape}")
        if found[1] == "_":
            parts.append(f"(?:{SHAPES[shape]})")
            continue
        timed = timed or shape in FORMATS
        parts.append(f"({SHAPES[shape]})")
        places.append((found[1], _reader(found[1], shape)))
    parts.append(re.escape(text[end:]))
    try:
        regex = re.compile("".join(parts) + (r"\s*\Z" if whole else ""), re.DOTALL)
    except re.error as error:
        raise ValueError(f"{text[:80]}: {error}; every [[ needs its ]]") from None
    return Pattern(regex, tuple(places), _literal(text), timed)


def _literal(text: str) -> str:
    """The first word, where the pattern begins with one that is literal and ended by a space; '' otherwise."""
    found = re.match(r"([^\s{\[]+) ", text)
    return found[1] if found else ""


def _shape_of(name: str) -> str:
    if name == "_":
        return "word"
    field = table().get(name)
    return _BY_TYPE.get(field.type, "word") if field else "word"


def _reader(name: str, shape: str) -> Callable[[str, Clockwork], Any]:
    if shape in FORMATS:
        return FORMATS[shape]
    field = table().get(name)
    if field is not None and field.type is FieldType.LONG:
        return _integer
    return _text


def _integer(value: str, _: Clockwork) -> int | None:
    try:
        return int(value)
    except ValueError:
        return None


def _text(value: str, _: Clockwork) -> str:
    return value
