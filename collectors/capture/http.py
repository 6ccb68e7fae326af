"""HTTP/1 heads in clear text (RFC 9112): the request and the status of its answer."""

from __future__ import annotations

import re
from typing import Any

_REQUEST = re.compile(rb"([A-Z]{3,16}) (\S{1,8192}) HTTP/(1\.[01])\r?\n")
_STATUS = re.compile(rb"HTTP/(1\.[01]) ([1-5][0-9]{2})[ \r\n]")
MOST_HEAD = 16_384
_KEPT = ((b"host", "url.domain"), (b"user-agent", "user_agent.original"), (b"referer", "http.request.referrer"))
_CLEAR = {b"basic": "http-basic", b"digest": "http-digest"}


def request(payload: bytes) -> dict[str, Any] | None:
    """Method, target, host and agent of a request that begins here, None where none does."""
    found = _REQUEST.match(payload)
    if found is None:
        return None
    headers = _headers(payload[found.end() : MOST_HEAD])
    target = found[2].decode("utf-8", "backslashreplace")
    path, _, query = target.partition("?")
    fields: dict[str, Any] = {
        "http.request.method": found[1].decode(),
        "http.version": found[3].decode(),
        "url.original": target,
        "url.path": path,
    }
    if query:
        fields["url.query"] = query
    for name, field in _KEPT:
        if name in headers:
            fields[field] = headers[name].decode("utf-8", "backslashreplace")[:1024]
    scheme = _CLEAR.get(headers.get(b"authorization", b"").partition(b" ")[0].lower())
    if scheme:
        fields["yaodun.flow.credential"] = scheme
    return fields


def status(payload: bytes) -> dict[str, Any] | None:
    """The status of an answer that begins here, None where none does."""
    found = _STATUS.match(payload)
    return {"http.response.status_code": int(found[2])} if found else None


def _headers(block: bytes) -> dict[bytes, bytes]:
    headers: dict[bytes, bytes] = {}
    for line in block.split(b"\n"):
        name, colon, value = line.strip().partition(b":")
        if not colon:
            break
        headers.setdefault(name.lower(), value.strip())
    return headers
