"""Taking the usual header off a raw line, so that hosts and process numbers do not make templates of their own."""

from __future__ import annotations

import re

_SYSLOG = re.compile(
    r"^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\S{8,32}) \S+ "
    r"(?P<program>[\w./()\-]+)(?:\[\d+\])?: (?P<text>.*)$",
    re.DOTALL,
)


def content(line: str) -> str:
    """The program and the text of a syslog line; any other line as it is (its numbers and dates are masked anyway)."""
    found = _SYSLOG.match(line)
    return f"{found['program']}: {found['text']}" if found else line
