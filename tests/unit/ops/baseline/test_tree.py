"""Links stay inside the tree; nothing large, special or endless is read."""

import os
from pathlib import Path

import pytest

from ops.baseline.outcome import NotObtainedError
from ops.baseline.tree import LARGEST_FILE, HostTree


def test_links_are_followed_inside_the_root_only(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "etc/real").mkdir(parents=True)
    (root / "etc/real/file").write_text("inside")
    (tmp_path / "secret").write_text("outside")
    (root / "etc/absolute").symlink_to("/etc/real")
    (root / "etc/up").symlink_to("../../../../etc/real/file")
    (root / "etc/escape").symlink_to("../../secret")
    tree = HostTree(root, live=False)
    assert tree.read("/etc/absolute/file") == "inside"
    assert tree.read("/etc/up") == "inside"
    assert tree.read("/etc/escape") is None
    assert tree.read("/etc/../../secret") is None


def test_loops_pipes_folders_and_large_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("/loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    tree = HostTree(tmp_path, live=False)
    for name in ("loop", "pipe", "folder", "large"):
        with pytest.raises(NotObtainedError):
            tree.read(f"/{name}")


def test_glob_in_the_middle_of_a_path(tmp_path: Path) -> None:
    for name in ("a/x.conf", "b/x.conf", "b/.hidden.conf", "c/y.txt"):
        place = tmp_path / "etc" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text("")
    assert HostTree(tmp_path, live=False).glob("/etc/*/*.conf") == ["/etc/a/x.conf", "/etc/b/x.conf"]
