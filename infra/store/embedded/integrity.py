"""Whether segments are still what was written: each file's SHA-256 beside the one in the manifest."""

from __future__ import annotations

import hashlib
from datetime import date

from infra.events.stream import Stream
from infra.store.embedded.store import EmbeddedStore


def altered_segments(store: EmbeddedStore, stream: Stream, day: date) -> list[str]:
    """Paths of the segments of a day that are missing or differ from what was written."""
    bad = []
    for segment in store.manifest.of_day(stream, day.isoformat()):
        file = store.folder / segment.path
        if not file.exists():
            bad.append(segment.path)
            continue
        with file.open("rb") as readable:
            if hashlib.file_digest(readable, "sha256").hexdigest() != segment.sha256:
                bad.append(segment.path)
    return bad
