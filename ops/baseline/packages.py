"""Installed packages from dpkg's status or rpm's SQLite database, and Debian's order of versions."""

from __future__ import annotations

import re
import sqlite3
import struct
from collections.abc import Iterator
from functools import cmp_to_key

from ops.baseline.outcome import NotObtainedError
from ops.baseline.tree import HostTree

DPKG = "/var/lib/dpkg/status"
RPM = ("/var/lib/rpm/rpmdb.sqlite", "/usr/lib/sysimage/rpm/rpmdb.sqlite")
LARGEST_DATABASE = 512 << 20
LARGEST_STATUS = 64 << 20
_NAME, _VERSION, _RELEASE = 1000, 1001, 1002


def installed(tree: HostTree) -> dict[str, str]:
    """Version by package name; ``NotObtainedError`` where no known database is there."""
    raw = tree.read_bytes(DPKG, LARGEST_STATUS)
    if raw is not None:
        return dict(_dpkg(raw.decode("utf-8", "replace")))
    for path in RPM:
        if tree.exists(path):
            return dict(_rpm(tree, path))
    raise NotObtainedError(DPKG, "no dpkg or rpm database is there")


def stanzas(text: str) -> Iterator[dict[str, str]]:
    """Fields of each stanza of a Debian control file; continuation lines are dropped."""
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): *(.*)$", block, re.MULTILINE))
        if fields:
            yield fields


def _dpkg(text: str) -> Iterator[tuple[str, str]]:
    for fields in stanzas(text):
        if fields.get("Status", "").endswith(" installed") and "Package" in fields:
            yield fields["Package"], fields.get("Version", "")


def _rpm(tree: HostTree, path: str) -> Iterator[tuple[str, str]]:
    place = tree.locate(path)
    if place is None or place.stat().st_size > LARGEST_DATABASE:
        raise NotObtainedError(path, "is too large")
    try:
        with sqlite3.connect(f"file:{place}?mode=ro&immutable=1", uri=True) as database:
            blobs = [row[0] for row in database.execute("select blob from Packages limit 50000")]
    except sqlite3.Error as error:
        raise NotObtainedError(path, str(error)) from None
    finally:
        if "database" in locals():
            database.close()
    for blob in blobs:
        tags = _header(blob)
        if _NAME in tags:
            yield tags[_NAME], f"{tags.get(_VERSION, '')}-{tags.get(_RELEASE, '')}"


def _header(blob: bytes) -> dict[int, str]:
    """String tags of an rpm header: two counts, index entries of four numbers, then the data."""
    if len(blob) < 8:
        return {}
    count, _ = struct.unpack_from(">II", blob)
    start = 8 + 16 * count
    found: dict[int, str] = {}
    if start > len(blob):
        return found
    for index in range(count):
        tag, _, offset, _ = struct.unpack_from(">IIII", blob, 8 + 16 * index)
        if tag in (_NAME, _VERSION, _RELEASE):
            end = blob.find(b"\0", start + offset)
            found[tag] = blob[start + offset : end].decode("utf-8", "replace")
    return found


def compare(left: str, right: str) -> int:
    """Debian's order of versions (deb-version(7)): negative, zero or positive."""
    first, second = _parts(left), _parts(right)
    if first[0] != second[0]:
        return first[0] - second[0]
    return _part(first[1], second[1]) or _part(first[2], second[2])


newest = cmp_to_key(compare)


def _parts(version: str) -> tuple[int, str, str]:
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    return int(epoch) if epoch.isdecimal() else 0, upstream if dash else rest, revision if dash else ""


def _order(char: str) -> int:
    if char == "~":
        return -1
    return ord(char) if char.isalpha() else ord(char) + 256


def _part(left: str, right: str) -> int:
    while left or right:
        head, other = re.match(r"\D*", left), re.match(r"\D*", right)
        assert head
        assert other
        difference = _words(head[0], other[0])
        left, right = left[head.end() :], right[other.end() :]
        if difference:
            return difference
        number, against = re.match(r"\d*", left), re.match(r"\d*", right)
        assert number
        assert against
        difference = int(number[0] or 0) - int(against[0] or 0)
        left, right = left[number.end() :], right[against.end() :]
        if difference:
            return difference
    return 0


def _words(left: str, right: str) -> int:
    for index in range(max(len(left), len(right))):
        one = _order(left[index]) if index < len(left) else 0
        two = _order(right[index]) if index < len(right) else 0
        if one != two:
            return one - two
    return 0
