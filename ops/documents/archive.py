"""Office files and packages are ZIP archives from outside: bounded before anything looks inside."""

from __future__ import annotations

import io
import zipfile

from infra.errors import AppError, ErrorKind

LARGEST_FILE = 64 << 20
LARGEST_UNPACKED = 256 << 20
MOST_MEMBERS = 2_000
SAFE_RATIO = 200


def open_archive(raw: bytes, place: str) -> zipfile.ZipFile:
    """The archive in ``raw``; ``AppError(INVALID, TOO_LARGE)`` for no archive, a bomb, names leaving the folder."""
    if len(raw) > LARGEST_FILE:
        raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place=place, limit=LARGEST_FILE)
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
    except (zipfile.BadZipFile, ValueError, OSError):
        raise AppError(ErrorKind.INVALID, "ops.documents.no_archive", place=place) from None
    _bound(archive, place, len(raw))
    return archive


def _bound(archive: zipfile.ZipFile, place: str, packed: int) -> None:
    members = archive.infolist()
    unpacked = sum(member.file_size for member in members)
    bomb = unpacked > max(LARGEST_UNPACKED // 16, packed * SAFE_RATIO)
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED or bomb:
        raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place=place, limit=LARGEST_UNPACKED)
    for member in members:
        if member.filename.startswith(("/", "\\")) or ".." in member.filename.replace("\\", "/").split("/"):
            raise AppError(ErrorKind.INVALID, "ops.documents.member_outside", place=f"{place}: {member.filename[:80]}")
