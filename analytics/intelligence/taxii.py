"""A client of TAXII 2.1 (OASIS): all objects of a collection, page by page, as one STIX bundle.

A later poll asks with ``added_after`` (section 3.4) for what came since, and merges it into what was kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from infra.clock import parse_rfc3339
from infra.errors import AppError, ErrorKind

MEDIA = "application/taxii+json;version=2.1"
MOST_PAGES, MOST_BYTES = 2_000, 256 << 20
TIMEOUT_S = 30.0
ADDED_LAST = "X-TAXII-Date-Added-Last"


class Answer(msgspec.Struct, frozen=True):
    """Objects of a collection, and when the last of them was added there ('' where the server does not say)."""

    objects: list[Any]
    last: str


def ask(collection: str, authorization: str = "", added_after: str = "", client: httpx.Client | None = None) -> Answer:
    """What was added to a collection after a moment as the server gave it; everything for ''.

    ``AppError``: INVALID for clear text to another host, else UNAVAILABLE.
    """
    parts = urlsplit(collection)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        raise AppError(ErrorKind.INVALID, "analytics.intelligence.taxii_address", place=collection)
    headers = {"Accept": MEDIA, **({"Authorization": authorization} if authorization else {})}
    try:
        with client or httpx.Client(timeout=TIMEOUT_S, headers=headers) as asking:
            address = urljoin(collection.rstrip("/") + "/", "objects/")
            return _pages(asking, address, headers, added_after)
    except (httpx.HTTPError, msgspec.DecodeError, ValueError, RecursionError) as error:
        problem = f"{type(error).__name__}: {error}"[:200]
        raise AppError(
            ErrorKind.UNAVAILABLE, "analytics.intelligence.taxii_failed", place=collection, problem=problem
        ) from None


def objects_in(bundle: bytes) -> list[Any] | None:
    """The objects of a bundle; None where it is damaged."""
    try:
        tree = msgspec.json.decode(bundle)
    except (msgspec.DecodeError, RecursionError):
        return None
    objects = tree.get("objects") if isinstance(tree, dict) else None
    return objects if isinstance(objects, list) else None


def merged(kept: list[Any], fresh: list[Any]) -> list[Any]:
    """Objects with what came since: of one that is in both the later version stays, revoked ones too."""
    known: dict[str, Any] = {}
    for number, one in enumerate([*kept, *fresh]):
        if isinstance(one, dict):
            name = str(one.get("id") or f"nameless {number}")
            before = known.get(name)
            if before is None or str(one.get("modified", "")) >= str(before.get("modified", "")):
                known[name] = one
    return list(known.values())


def bundle_of(objects: list[Any], now: datetime) -> bytes:
    """Objects as one STIX bundle, without those that counted until ``now`` at the latest."""
    return msgspec.json.encode({"type": "bundle", "objects": [one for one in objects if not _over(one, now)]})


def _over(one: Any, now: datetime) -> bool:
    """Past its ``valid_until``; one that cannot be read is left to the reader of the bundle, who names it."""
    end = one.get("valid_until") if isinstance(one, dict) else None
    try:
        return isinstance(end, str) and parse_rfc3339(end) <= now
    except AppError:
        return False


def _pages(asking: httpx.Client, address: str, headers: dict[str, str], added_after: str) -> Answer:
    found: list[Any] = []
    question: dict[str, str] = {"match[type]": "indicator"} | ({"added_after": added_after} if added_after else {})
    taken, last = 0, added_after
    for _ in range(MOST_PAGES):
        answer = asking.get(address, params=question, headers=headers)
        answer.raise_for_status()
        taken += len(answer.content)
        page = msgspec.json.decode(answer.content)
        objects = (page.get("objects") or []) if isinstance(page, dict) else None
        if taken > MOST_BYTES or not isinstance(objects, list):
            raise ValueError("no envelope, or more than 256 MiB")
        found += objects
        if objects:
            last = answer.headers.get(ADDED_LAST, "")[:64]
        if not page.get("more") or not page.get("next"):
            break
        question["next"] = str(page["next"])
    return Answer(found, last)
