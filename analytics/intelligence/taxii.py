"""A client of TAXII 2.1 (OASIS): all objects of a collection, page by page, as one STIX bundle."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from infra.errors import AppError, ErrorKind

MEDIA = "application/taxii+json;version=2.1"
MOST_PAGES, MOST_BYTES = 2_000, 256 << 20
TIMEOUT_S = 30.0


def objects_of(collection: str, authorization: str = "", client: httpx.Client | None = None) -> bytes:
    """The bundle of a collection. ``AppError``: INVALID for clear text to another host, else UNAVAILABLE."""
    parts = urlsplit(collection)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.taxii_address", place=collection)
    headers = {"Accept": MEDIA, **({"Authorization": authorization} if authorization else {})}
    try:
        with client or httpx.Client(timeout=TIMEOUT_S, headers=headers) as asking:
            found = _pages(asking, urljoin(collection.rstrip("/") + "/", "objects/"), headers)
    except (httpx.HTTPError, msgspec.DecodeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
        raise AppError(
            ErrorKind.UNAVAILABLE, "analytics.intelligence.taxii_failed", place=collection, problem=problem
        ) from None
    return msgspec.json.encode({"type": "bundle", "objects": found})


def _pages(asking: httpx.Client, address: str, headers: dict[str, str]) -> list[Any]:
    found: list[Any] = []
    question: dict[str, str] = {"match[type]": "indicator"}
    taken = 0
    for _ in range(MOST_PAGES):
        answer = asking.get(address, params=question, headers=headers)
        answer.raise_for_status()
        taken += len(answer.content)
        page = msgspec.json.decode(answer.content)
        if taken > MOST_BYTES or not isinstance(page, dict):
            raise ValueError("no envelope, or more than 256 MiB")
        found += page.get("objects") or []
        if not page.get("more") or not page.get("next"):
            break
        question["next"] = str(page["next"])
    return found
