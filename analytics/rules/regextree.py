"""The standard library's own reading of a regular expression, as a tree of (code, argument) pairs."""

from __future__ import annotations

from importlib import import_module
from typing import Any

codes: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")


def parse_regex(pattern: str, flags: int = 0) -> Any:
    """The tree of ``pattern``; ``re.error`` where it is malformed."""
    return _parser.parse(pattern, flags)
