"""Reads files below a root as the host itself would see them: links stay inside, sizes are bounded, nothing blocks."""

from __future__ import annotations

import errno
import fnmatch
import os
import stat
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path, PurePosixPath

from ops.baseline.outcome import NotObtainedError

LARGEST_FILE = 8 << 20
STEP = 64 << 10
MOST_LINKS = 40
MOST_ENTRIES = 20_000


@dataclass(frozen=True, slots=True)
class Status:
    """Owner, group and permission bits of a file."""

    uid: int
    gid: int
    mode: int
    kind: int
    mtime: float

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.kind)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.kind)


class HostTree:
    """The files of one host below ``root``. ``live`` is True when it is the running host itself."""

    def __init__(self, root: Path, live: bool | None = None) -> None:
        self.root = root
        self.live = str(root.resolve()) == "/" if live is None else live

    def locate(self, path: str) -> Path | None:
        """The real place of ``path``, following links inside the root only; None where it does not exist."""
        return self._locate(path, links=0)

    def _locate(self, path: str, links: int) -> Path | None:
        if links > MOST_LINKS:
            raise NotObtainedError(path, "too many links")
        here: list[str] = []
        parts = list(PurePosixPath("/" + path.lstrip("/")).parts[1:])
        while parts:
            part = parts.pop(0)
            if part == "..":
                here = here[:-1]
                continue
            found = self.root.joinpath(*here, part)
            target = _link(found, path)
            if target is None:
                if not os.path.lexists(found):
                    return None
                here.append(part)
                continue
            onward = target if target.startswith("/") else "/".join(["", *here, target])
            return self._locate("/".join([onward, *parts]), links + 1)
        return self.root.joinpath(*here)

    def status(self, path: str) -> Status | None:
        """Status of the file ``path`` leads to; None where it does not exist."""
        place = self.locate(path)
        if place is None:
            return None
        try:
            found = place.lstat()
        except OSError as error:
            raise _unreadable(path, error) from None
        return Status(found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode), found.st_mode, found.st_mtime)

    def exists(self, path: str) -> bool:
        """Whether ``path`` leads to something."""
        return self.locate(path) is not None

    def read(self, path: str) -> str | None:
        """The text of a regular file, None where it does not exist; ``NotObtainedError`` if it cannot be read."""
        raw = self.read_bytes(path)
        return None if raw is None else raw.decode("utf-8", "replace")

    def need(self, path: str) -> str:
        """Like ``read`` but a missing file raises ``NotObtainedError``."""
        text = self.read(path)
        if text is None:
            raise NotObtainedError(path, "does not exist")
        return text

    def read_bytes(self, path: str, limit: int = LARGEST_FILE) -> bytes | None:
        """The bytes of a regular file of at most ``limit`` bytes."""
        place = self.locate(path)
        if place is None:
            return None
        try:
            with open(place, "rb", buffering=0, opener=_no_wait) as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    raise NotObtainedError(path, "is no regular file")
                data = _read_bounded(file, limit + 1)
        except OSError as error:
            raise _unreadable(path, error) from None
        if len(data) > limit:
            raise NotObtainedError(path, f"is larger than {limit} bytes")
        return data

    def names(self, folder: str) -> list[str]:
        """Sorted names in a folder; none where it does not exist."""
        place = self.locate(folder)
        if place is None:
            return []
        try:
            with os.scandir(place) as entries:
                found = [entry.name for _, entry in zip(range(MOST_ENTRIES + 1), entries, strict=False)]
        except NotADirectoryError:
            return []
        except OSError as error:
            raise _unreadable(folder, error) from None
        if len(found) > MOST_ENTRIES:
            raise NotObtainedError(folder, f"holds more than {MOST_ENTRIES} entries")
        return sorted(found)

    def glob(self, pattern: str) -> list[str]:
        """Paths that match a pattern with wildcards in any part, in lexical order."""
        found = [""]
        for part in PurePosixPath("/" + pattern.lstrip("/")).parts[1:]:
            if any(char in part for char in "*?["):
                found = [f"{base}/{n}" for base in found for n in self.names(base or "/") if _matches(n, part)]
            else:
                found = [f"{base}/{part}" for base in found if self.exists(f"{base}/{part}")]
        return found


def _read_bounded(file: RawIOBase, limit: int) -> bytes:
    """At most ``limit`` bytes, in small steps: the kernel refuses large reads of its own files."""
    parts, left = [], limit
    while left > 0 and (part := file.read(min(left, STEP))):
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))


def _link(found: Path, path: str) -> str | None:
    try:
        return str(found.readlink())
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT, errno.ENOTDIR):
            return None
        raise _unreadable(path, error) from None


def _no_wait(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)


def _unreadable(path: str, error: OSError) -> NotObtainedError:
    return NotObtainedError(path, error.strerror or type(error).__name__)
