"""Loads rule files into a rule set: pySigma parses, we translate, map and assemble; what fails is told with its place.

One broken rule never stops the others. A compiled set is kept by the digest of everything it was made from.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from analytics.rules.cache import RuleCache
from analytics.rules.changes import NONE, Changes
from analytics.rules.documents import MAX_BYTES, PLACEHOLDERS, placeholders_beside, read_documents, rule_files
from analytics.rules.mapping import mapping_bytes
from analytics.rules.rule import Failure, RuleSet

_log = logging.getLogger(__name__)
FORMAT = "2"
"""Changes whenever compiled rules would read differently."""


def shipped_rules() -> Path:
    """The folder of our own rules."""
    return Path(__file__).parent / "content"


def stamp_of(paths: Sequence[Path]) -> tuple[object, ...]:
    """Changes when a rule file below ``paths``, or the values of placeholders, comes, goes or changes; the shipped ones
    do not. Nothing is read for it."""
    folders = [path for path in paths if path != shipped_rules()]
    found = []
    for path in (*rule_files(folders), *(folder / PLACEHOLDERS for folder in folders)):
        try:
            seen = path.stat()
        except OSError:
            continue
        found.append((str(path), seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size))
    return tuple(found)


def load_rules(
    paths: Sequence[Path],
    placeholders: Mapping[str, Sequence[str]] | None = None,
    cache: Path | None = None,
    changes: Changes = NONE,
) -> RuleSet:
    """The rules of all files below ``paths`` with a site's ``changes``. ``cache`` is a private folder for compiled
    sets."""
    read = _read(paths, placeholders or {}, changes)
    kept = RuleCache(cache) if cache else None
    found = kept.get(read.digest) if kept else None
    return changes.switched(found or _compiled(read, changes, kept))


def load_kept(paths: Sequence[Path], cache: Path, changes: Changes = NONE) -> RuleSet | None:
    """The same where the set was compiled before, None where it was not."""
    found = RuleCache(cache).get(_read(paths, {}, changes).digest)
    return changes.switched(found) if found else None


@dataclass(frozen=True)
class _Read:
    """Files as they are now, values of placeholders, and the digest of all that a set is made from."""

    files: list[tuple[Path, bytes]]
    unread: list[Failure]
    values: dict[str, list[str]]
    digest: str


def _read(paths: Sequence[Path], placeholders: Mapping[str, Sequence[str]], changes: Changes) -> _Read:
    files: list[tuple[Path, bytes]] = []
    unread: list[Failure] = []
    for path in rule_files(paths):
        try:
            with path.open("rb") as file:
                files.append((path, file.read(MAX_BYTES + 1)))
        except OSError as error:
            unread.append(Failure(f"{path}:1:1", "unreadable", {"problem": str(error.strerror)}))
    values = placeholders_beside(paths) | {name: list(items) for name, items in placeholders.items()}
    return _Read(files, unread, values, _digest([*files, *changes.files()], values))


def _compiled(read: _Read, changes: Changes, kept: RuleCache | None) -> RuleSet:
    ruleset = compile_files(read.files, read.values, changes)
    ruleset.digest = read.digest
    ruleset.failures = [*read.unread, *ruleset.failures]
    if kept and not read.unread:
        try:
            kept.put(ruleset)
        except OSError as error:
            _log.warning("rules.not_kept", extra={"problem": str(error)})
    return ruleset


def compile_files(
    files: Sequence[tuple[Path, bytes]], values: Mapping[str, Sequence[str]], changes: Changes = NONE
) -> RuleSet:
    """The rules of these files, and of the texts that stand in for some of them; switches are not set here."""
    from analytics.rules.compile import Compilation  # pySigma is slow to import, and a kept set needs none of it

    compilation = Compilation(values)
    for path, data in files:
        documents, failures = read_documents(path, data)
        compilation.failures += failures
        compilation.take(changes.keeps(documents))
    for path, data in changes.files():
        documents, failures = read_documents(path, data)
        compilation.failures += failures
        compilation.take(documents)
    return compilation.finish()


def _digest(files: Sequence[tuple[Path, bytes]], values: Mapping[str, Sequence[str]]) -> str:
    digest = hashlib.blake2b(digest_size=20)
    for part in (FORMAT, version("pysigma"), repr(sorted(values.items()))):
        digest.update(part.encode())
    digest.update(mapping_bytes())
    for path, data in files:
        digest.update(f"\0{path}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()
