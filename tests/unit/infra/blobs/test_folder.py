"""Blobs: named after their content, complete or not there, never changed."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.blobs import FolderBlobs
from infra.errors import AppError, ErrorKind


@pytest.fixture
def blobs(tmp_path):
    return FolderBlobs(tmp_path / "blobs")


def test_the_name_is_what_sha256sum_says(blobs, tmp_path):
    blob = blobs.put([b"evi", b"dence"], 100)
    (tmp_path / "f").write_bytes(b"evidence")
    said = subprocess.run(["sha256sum", tmp_path / "f"], capture_output=True, check=True, timeout=20).stdout
    assert (blob.id, blob.size) == (said.split()[0].decode(), 8)
    with blobs.open(blob.id) as file:
        assert file.read() == b"evidence"
    if blob.sm3:
        assert blob.sm3 == hashlib.new("sm3", b"evidence").hexdigest()


def test_the_same_content_is_kept_once_and_read_only(blobs, tmp_path):
    first, again = blobs.put([b"x"], 10), blobs.put([b"x"], 10)
    assert first == again
    (path,) = [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]
    assert path.stat().st_mode & 0o777 == 0o400


def test_what_is_too_large_leaves_nothing_behind(blobs, tmp_path):
    with pytest.raises(AppError) as caught:
        blobs.put((b"x" * 10 for _ in range(100)), 50)
    assert caught.value.kind is ErrorKind.TOO_LARGE
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_what_breaks_midway_leaves_nothing_behind(blobs, tmp_path):
    def broken():
        yield b"x"
        raise OSError("cable pulled")

    with pytest.raises(OSError, match="cable"):
        blobs.put(broken(), 50)
    assert not [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_alteration_is_found(blobs, tmp_path):
    blob = blobs.put([b"evidence"], 100)
    assert blobs.verify(blob.id)
    path = tmp_path / "blobs" / blob.id[:2] / blob.id[2:4] / blob.id
    path.chmod(0o600)
    path.write_bytes(b"Evidence")
    assert not blobs.verify(blob.id)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "/x", "\x00" * 64])
def test_hostile_names(blobs, name):
    for ask in (blobs.open, blobs.verify, blobs.has):
        with pytest.raises(AppError) as caught:
            ask(name)
        assert caught.value.kind is ErrorKind.INVALID


def test_an_unknown_blob(blobs):
    assert not blobs.has("a" * 64)
    with pytest.raises(AppError) as caught:
        blobs.open("a" * 64)
    assert caught.value.kind is ErrorKind.NOT_FOUND


@given(st.lists(st.binary(max_size=50), max_size=8))
def test_any_pieces_come_back_whole(tmp_path_factory, pieces):
    blobs = FolderBlobs(tmp_path_factory.mktemp("b"))
    blob = blobs.put(pieces, 1000)
    with blobs.open(blob.id) as file:
        assert file.read() == b"".join(pieces)
    assert list(blobs.all()) == [blob.id]


def test_it_is_durable_before_its_name_is_told(blobs, monkeypatch):
    synced = []
    real = os.fsync

    def watched(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))
        real(handle)

    monkeypatch.setattr(os, "fsync", watched)
    blob = blobs.put([b"x"], 10)
    assert any("/.new-" in path for path in synced)
    assert any(path.endswith(f"/{blob.id[:2]}/{blob.id[2:4]}") for path in synced)
