"""Reading a cloud's HTTP API: bounded answers, its certificate checked, every failure in words."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from infra.errors import AppError, ErrorKind

MAX_ANSWER = 64 << 20
MAX_LINE = 4 << 20


class CloudError(Exception):
    """No answer, or a refusal; ``status`` is 0 where there was none."""

    def __init__(self, words: str, status: int = 0) -> None:
        super().__init__(words)
        self.status = status


def client_of(ca: str, certificate: str, key: str, timeout_s: float) -> httpx.AsyncClient:
    """A client that trusts ``ca`` (a file), or this host's authorities. ``AppError(INVALID)`` names a wrong file."""
    try:
        context = ssl.create_default_context(cafile=ca or None)
        if certificate:
            context.load_cert_chain(certificate, key or None)
    except (OSError, ssl.SSLError) as error:
        place = ca if ca and not Path(ca).is_file() else certificate or ca
        raise AppError(ErrorKind.INVALID, "collectors.poller_setting", place=place, problem=str(error)[:200]) from None
    return httpx.AsyncClient(verify=context, timeout=timeout_s, trust_env=False, follow_redirects=False)


async def ask(client: httpx.AsyncClient, method: str, url: str, **options: Any) -> httpx.Response:
    """The answer, read whole; ``CloudError`` for a failure or a status above 299."""
    try:
        async with client.stream(method, url, **options) as response:
            size = 0
            parts = []
            async for part in response.aiter_bytes():
                size += len(part)
                if size > MAX_ANSWER:
                    raise CloudError(f"{url}: the answer is larger than {MAX_ANSWER >> 20} MiB")
                parts.append(part)
            response._content = b"".join(parts)
    except httpx.TimeoutException:
        raise CloudError(f"{_shown(url)}: time-out") from None
    except httpx.HTTPError as error:
        raise CloudError(f"{_shown(url)}: {error or type(error).__name__}"[:300]) from None
    if response.status_code > 299:
        raise CloudError(f"{_shown(url)}: status {response.status_code}", response.status_code)
    return response


async def lines(client: httpx.AsyncClient, url: str, **options: Any) -> AsyncIterator[dict[str, Any]]:
    """JSON documents, one a line, as they come; ends when the server ends."""
    try:
        async with client.stream("GET", url, **options) as response:
            if response.status_code > 299:
                raise CloudError(f"{_shown(url)}: status {response.status_code}", response.status_code)
            rest = b""
            async for part in response.aiter_bytes():
                *whole, rest = (rest + part).split(b"\n")
                if len(rest) > MAX_LINE:
                    raise CloudError(f"{_shown(url)}: a line is longer than {MAX_LINE >> 20} MiB")
                for line in whole:
                    if line.strip():
                        yield document(line, url)
    except httpx.TimeoutException:
        return
    except httpx.HTTPError as error:
        raise CloudError(f"{_shown(url)}: {error or type(error).__name__}"[:300]) from None


def document(data: bytes, url: str) -> dict[str, Any]:
    """A JSON object; ``CloudError`` where it is none."""
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        raise CloudError(f"{_shown(url)}: the answer is no JSON") from None
    if not isinstance(found, dict):
        raise CloudError(f"{_shown(url)}: the answer is no object")
    return found


def _shown(url: str) -> str:
    return url.partition("?")[0]
