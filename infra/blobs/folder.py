"""Blobs in a folder: durable before their name is told, read-only from then on."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from infra.blobs.blob import Blob
from infra.durable import sync_folder
from infra.errors import AppError, ErrorKind

_ID = re.compile(r"[0-9a-f]{64}")
_CHUNK = 1 << 20
_SM3 = "sm3" in hashlib.algorithms_available


class FolderBlobs:
    """Implements ``BlobStore``: ``ab/cd/abcd...`` below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, chunks: Iterable[bytes], limit: int) -> Blob:
        """Keep the bytes of ``chunks``; returns when they survive a power cut."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".new-")
        part = Path(name)
        try:
            blob = _copy(handle, chunks, limit)
            part.chmod(0o400)
            place = self._place(blob.id)
            if not place.exists():
                _make_folders(place.parent, self._folder)
                part.replace(place)
                sync_folder(place.parent)
            return blob
        finally:
            part.unlink(missing_ok=True)

    def open(self, blob: str) -> io.BufferedReader:
        """The bytes, for reading."""
        try:
            return self._place(blob).open("rb")
        except FileNotFoundError:
            raise AppError(ErrorKind.NOT_FOUND, "infra.blobs.none", place=blob[:64]) from None

    def verify(self, blob: str) -> bool:
        """Is the content still what the name says?"""
        with self.open(blob) as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == blob

    def has(self, blob: str) -> bool:
        """Is it kept here?"""
        return self._place(blob).exists()

    def all(self) -> Iterator[str]:
        """The names of all blobs, sorted."""
        for path in sorted(self._folder.glob("??/??/*")):
            if _ID.fullmatch(path.name):
                yield path.name

    def _place(self, blob: str) -> Path:
        if _ID.fullmatch(blob) is None:
            raise AppError(ErrorKind.INVALID, "infra.blobs.name", place=blob[:64])
        return self._folder / blob[:2] / blob[2:4] / blob


def _copy(handle: int, chunks: Iterable[bytes], limit: int) -> Blob:
    size, sha256 = 0, hashlib.sha256()
    sm3 = hashlib.new("sm3") if _SM3 else None
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise AppError(ErrorKind.TOO_LARGE, "infra.blobs.too_large", place="file", limit=limit)
            sha256.update(chunk)
            if sm3 is not None:
                sm3.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Blob(sha256.hexdigest(), size, sm3.hexdigest() if sm3 is not None else "")


def _make_folders(folder: Path, root: Path) -> None:
    """Make what is missing between ``root`` and ``folder``, each entry durable."""
    if folder.exists() or folder == root:
        return
    _make_folders(folder.parent, root)
    folder.mkdir(exist_ok=True, mode=0o700)
    sync_folder(folder.parent)


def chunks_of(file: BinaryIO) -> Iterator[bytes]:
    """A file in pieces, for ``put``."""
    while chunk := file.read(_CHUNK):
        yield chunk
