"""The printed daily digest: one page of text that binds the ledger to paper.

In: a signed checkpoint.  Out: text to print and file. Whoever has a page of any day can show that the ledger of today
begins with the one of that day, or that it does not (``yaodun audit verify --witness page.txt``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.text import Language, say


def digest_page(document: Mapping[str, Any], language: Language = Language.ZH) -> str:
    """The page: size and root as one line a witness reads back, in groups for people, and the keys' fingerprints."""
    root = str(document["sha256"])
    lines = [
        say("trust.audit.digest_title", language),
        "",
        f"{document['size']} {root}",
        "",
        say("trust.audit.digest_of", language, size=document["size"], time=document["time"]),
        f"origin   {document['origin']}",
        f"sha256   {grouped(root)}",
        f"sm3      {grouped(str(document['sm3'] or '-'))}",
        *(f"key      {grouped(str(row['key']))}  {row['algorithm']}" for row in document["signatures"]),
        "",
        *(f"{row['algorithm']} {part}" for row in document["signatures"] for part in _wrapped(str(row["signature"]))),
        "",
        say("trust.audit.digest_signed", language),
        "",
    ]
    return "\n".join(lines)


def grouped(text: str) -> str:
    """In groups of eight, for reading aloud and comparing."""
    return " ".join(text[at : at + 8] for at in range(0, len(text), 8))


def _wrapped(text: str) -> list[str]:
    return [text[at : at + 64] for at in range(0, len(text), 64)]
