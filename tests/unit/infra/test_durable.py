"""A replaced file holds the new bytes or the old ones; never half, never readable by others where it is private."""

import os
from pathlib import Path

import pytest

from infra.durable import replace_file


def test_the_new_bytes_take_the_place_of_the_old(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    replace_file(path, b"a" * 100_000)
    replace_file(path, b"b")
    assert path.read_bytes() == b"b"
    assert [each.name for each in tmp_path.iterdir()] == ["state.json"]


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(path, b"key", private=True)
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_fails_leaves_the_old_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.json"
    replace_file(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
