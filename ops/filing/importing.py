"""A file into the filings: a draft of its own, or changes to the draft that has its id. All of it or nothing.

Who takes a file in answers for its values: what it says of where they came from, who accepted them and what is offered
counts only in a package this site sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

import msgspec

from infra.blobs import BlobStore
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from ops.filing.document import Entry, FilingDocument, Origin, Sheet
from ops.filing.exchange import Read, read_any
from ops.filing.sealing import Sealed, Sealer
from ops.filing.service import Filings

LARGEST_ATTACHMENT = 64 << 20


class Imported(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file: the filing, whether it is new, values changed, problems left, and its seal."""

    filing: str
    created: bool
    changed: int
    problems: int
    sealed: Sealed | None


def take_in(
    filings: Filings, blobs: BlobStore, actor: Actor, unit: str | Callable[[str], str], raw: bytes, place: str,
    sealer: Sealer | None = None,
) -> Imported:  # fmt: skip
    """Read a file in any shape and keep it; ``AppError`` names what cannot be read, and then the filings stay as they
    are. Attachments are stored first: no filing names one that is not there.

    ``unit`` is who a new filing belongs to, or finds it by the first object.
    """
    read = read_any(raw, filings.form, place, sealer)
    now, document = filings.now(), read.document
    old = filings.found(document.id)
    if old is None:
        owner = unit if isinstance(unit, str) else unit(document.objects[0] if document.objects else "")
        _store(blobs, read)
        made = filings.add(actor, owner, document if read.sealed is Sealed.OURS else _answered(read, actor, now))
        changed = sum(len(sheet.entries) for sheet in made.document.sheets)
    else:
        _store(blobs, read)
        made, changed = filings.merge(actor, document.id, lambda kept: _merge(kept, read, actor, now, place))
    left = len(filings.problems(made.id))
    return Imported(filing=made.id, created=old is None, changed=changed, problems=left, sealed=read.sealed)


def _store(blobs: BlobStore, read: Read) -> None:
    for data in read.files.values():
        blobs.put([data], LARGEST_ATTACHMENT)


def _answered(read: Read, actor: Actor, now: datetime) -> FilingDocument:
    """The document with the file as the origin of every value, the importing person as the one who accepts, and nothing
    offered or refused."""
    origin = Origin(read.kind, now)
    sheets = [
        Sheet(
            table=sheet.table,
            key=sheet.key,
            entries={name: Entry(entry.value, origin, actor.id, now) for name, entry in sheet.entries.items()},
        )
        for sheet in read.document.sheets
    ]
    return msgspec.structs.replace(read.document, sheets=sheets)


def _merge(kept: FilingDocument, read: Read, actor: Actor, now: datetime, place: str) -> int:
    """Write what differs into ``kept``; how many values. A table the file does not have stays as it is."""
    given = read.document
    if set(given.objects) != set(kept.objects):
        found, wanted = (", ".join(each.objects)[:120] or "—" for each in (given, kept))
        raise AppError(
            ErrorKind.INVALID, "ops.filing.other_objects", place=place, id=kept.id, found=found, wanted=wanted
        )
    known = {(sheet.table, sheet.key): sheet for sheet in kept.sheets}
    changed = 0
    for sheet in given.sheets:
        target = known.get((sheet.table, sheet.key))
        if target is None:
            target = Sheet(table=sheet.table, key=sheet.key)
            kept.sheets.append(target)
        changed += sum(_put(target, name, entry, read.kind, actor, now) for name, entry in _pairs(target, sheet))
    return changed


def _pairs(target: Sheet, given: Sheet) -> Iterable[tuple[str, Entry | None]]:
    entries: Mapping[str, Entry] = given.entries
    return [(name, entries.get(name)) for name in sorted({*target.entries, *entries})]


def _put(target: Sheet, name: str, entry: Entry | None, kind: str, actor: Actor, now: datetime) -> bool:
    old = target.entries.get(name)
    if (old.value if old else None) == (entry.value if entry else None):
        return False
    target.proposals.pop(name, None)
    if entry is None:
        del target.entries[name]
    else:
        target.entries[name] = Entry(entry.value, Origin(kind, now), actor.id, now)
    return True
