"""The parts of a URL that rules and searches ask for, from whatever of it a log holds."""

from __future__ import annotations

import re

from infra.events.stream import Event

_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{1,15})://(?:[^/@]*@)?(\[[^\]]*\]|[^/:?#]*)(?::(\d{1,5}))?")
_AUTHORITY = re.compile(r"([\w.-]+):(\d{1,5})\Z")


def split_url(event: Event) -> None:
    """Adds ``url.path``, ``.query``, ``.extension``, and scheme, domain and port where ``url.original`` has them."""
    original = event.get("url.original")
    if not isinstance(original, str) or not original:
        return
    rest = original
    if found := _ABSOLUTE.match(original):
        event.setdefault("url.scheme", found[1].lower())
        event.setdefault("url.domain", found[2].strip("[]").lower())
        if found[3]:
            event.setdefault("url.port", int(found[3]))
        rest = original[found.end() :]
    elif event.get("http.request.method") == "CONNECT" and (found := _AUTHORITY.match(original)):
        event.setdefault("url.domain", found[1].lower())
        event.setdefault("url.port", int(found[2]))
        return
    path, mark, query = rest.partition("#")[0].partition("?")
    event.setdefault("url.path", path or "/")
    if mark:
        event.setdefault("url.query", query)
    name = path.rpartition("/")[2]
    if "." in name.lstrip("."):
        event.setdefault("url.extension", name.rpartition(".")[2].lower()[:32])
