"""Files of this host: quarantine and back, snapshot and restore of a configuration, a forensic package."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import shutil
import stat
import tarfile
import time
from pathlib import Path
from typing import Any

import psutil

from playbooks.actions.action import DONE, Action, Before, Words, usage
from playbooks.engine.orders import Outcome, Seen
from playbooks.model.guard import Effect

MAX_BYTES = 256 << 20


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain_file(action: Action, words: Words) -> Path:
    path = Path(words[0]) if len(words) == 1 else Path()
    if not path.is_absolute() or ".." in path.parts:
        raise usage(action, " ".join(words))
    return path


def _marked(folder: Path, key: str) -> Path:
    return folder / hashlib.sha256(key.encode()).hexdigest()[:32]


class QuarantineFile:
    """``quarantine-file PATH``: moved out of reach, without any right to it; its place, mode and owner are kept."""

    name = "quarantine-file"
    usage = "quarantine-file /ABSOLUTE/PATH"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The file."""
        return (Effect("quarantine-file", str(_plain_file(self, words)), reversible=True),)

    def act(self, words: Words, key: str) -> Outcome:
        """Copy, make durable, then take away; a link or a device is refused."""
        path, place = _plain_file(self, words), _marked(self._folder, key)
        found = path.lstat() if path.exists() or path.is_symlink() else None
        if found is None or not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return Outcome(ok=False, reason=f"{path}: no regular file of at most {MAX_BYTES >> 20} MiB")
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        before: dict[str, Any] = {
            "path": str(path), "mode": stat.S_IMODE(found.st_mode), "uid": found.st_uid, "gid": found.st_gid,
            "sha256": digest(path), "place": str(place / "content"),
        }  # fmt: skip
        shutil.copyfile(path, place / "content", follow_symlinks=False)
        (place / "content").chmod(0o000)
        (place / "origin.json").write_text(json.dumps(before))
        _sync(place / "origin.json", place)
        path.unlink()
        return Outcome(ok=True, output={"stdout": before["sha256"], "sha256": before["sha256"]}, before=before)

    def probe(self, words: Words, key: str) -> Seen:
        """Is it gone from its place and kept in ours?"""
        path, place = _plain_file(self, words), _marked(self._folder, key)
        kept = (place / "origin.json").exists()
        return Seen.DONE if kept and not path.exists() else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """Back to its place, unless another file stands there now."""
        before = before or self._found(words)
        if not before:
            return DONE
        path, kept = Path(before["path"]), Path(before["place"])
        if path.exists():
            same = digest(path) == before["sha256"]
            return DONE if same else Outcome(ok=False, reason=f"{path}: another file stands there")
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kept, path)
        os.chown(path, before["uid"], before["gid"])
        path.chmod(before["mode"])
        return Outcome(ok=digest(path) == before["sha256"])

    def _found(self, words: Words) -> dict[str, Any]:
        """An act whose answer was lost: what was kept says where it came from."""
        path = str(_plain_file(self, words))
        kept = [json.loads(each.read_text()) for each in self._folder.glob("*/origin.json")]
        return next((each for each in kept if each["path"] == path), {})


class SnapshotConfiguration:
    """``snapshot-configuration PATH``: a copy to come back to. Its undo is the restore."""

    name = "snapshot-configuration"
    usage = "snapshot-configuration /ABSOLUTE/PATH"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The copy."""
        return (Effect("snapshot-configuration", str(_plain_file(self, words)), reversible=True),)

    def act(self, words: Words, key: str) -> Outcome:
        """Copy it."""
        path, place = _plain_file(self, words), _marked(self._folder, key)
        if not path.is_file() or path.stat().st_size > MAX_BYTES:
            return Outcome(ok=False, reason=f"{path}: no file of at most {MAX_BYTES >> 20} MiB")
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy2(path, place / "content")
        _sync(place / "content", place)
        before = {"path": str(path), "place": str(place / "content"), "sha256": digest(path)}
        return Outcome(ok=True, output={"stdout": before["sha256"]}, before=before)

    def probe(self, words: Words, key: str) -> Seen:
        """Is there a copy?"""
        return Seen.DONE if (_marked(self._folder, key) / "content").exists() else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """Put the copy back, whole or not at all."""
        if not before:
            return DONE
        path, fresh = Path(before["path"]), Path(before["path"] + ".yaodun-restore")
        shutil.copy2(before["place"], fresh)
        fresh.replace(path)
        return Outcome(ok=digest(path) == before["sha256"])


class CollectEvidence:
    """``collect-evidence [PATH ...]``: processes, connections, sessions and the named files in one package."""

    name = "collect-evidence"
    usage = "collect-evidence [/ABSOLUTE/PATH ...]"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """A package in our own folder; the host is only read."""
        self._read(words)
        return (Effect("collect-evidence", "evidence package", reversible=True),)

    def act(self, words: Words, key: str) -> Outcome:
        """Write the package; its hash is the evidence's identity."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partial, final = _marked(self._folder, key).with_suffix(".partial"), self._package(key)
        with tarfile.open(partial, "w:gz") as package:
            for name, value in _state().items():
                _put(package, f"{name}.json", json.dumps(value, ensure_ascii=False, indent=1, default=str).encode())
            for path in self._read(words):
                if path.is_file() and path.stat().st_size <= MAX_BYTES:
                    package.add(path, f"files{path}", recursive=False)
        partial.replace(final)
        _sync(final, self._folder)
        found = {"path": str(final), "sha256": digest(final)}
        return Outcome(ok=True, output={"stdout": str(final), **found}, before=found)

    def probe(self, words: Words, key: str) -> Seen:
        """Is the package there?"""
        return Seen.DONE if self._package(key).exists() else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """Evidence is not destroyed by a rollback: nothing to take back on the host."""
        return DONE

    def _package(self, key: str) -> Path:
        return _marked(self._folder, key).with_suffix(".tar.gz")

    def _read(self, words: Words) -> list[Path]:
        paths = [Path(word) for word in words]
        if any(not path.is_absolute() for path in paths):
            raise usage(self, " ".join(words))
        return paths


def _state() -> dict[str, Any]:
    fields = ["pid", "ppid", "name", "username", "cmdline", "create_time", "exe"]
    return {
        "host": {"name": platform.node(), "kernel": platform.release(), "taken": time.time()},
        "processes": [each.info for each in psutil.process_iter(fields)],
        "connections": [each._asdict() for each in psutil.net_connections()],
        "sessions": [each._asdict() for each in psutil.users()],
        "interfaces": {name: [one.address for one in listed] for name, listed in psutil.net_if_addrs().items()},
    }


def _put(package: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(data), int(time.time())
    package.addfile(info, io.BytesIO(data))


def _sync(*paths: Path) -> None:
    for path in paths:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
