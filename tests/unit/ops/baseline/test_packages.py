"""Versions in Debian's order (against dpkg itself), and package databases."""

import shutil
import sqlite3
import struct
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.baseline.outcome import NotObtainedError
from ops.baseline.packages import compare, installed
from ops.baseline.tree import HostTree

PARTS = st.text("0123456789abz.+~", min_size=1, max_size=6)
VERSIONS = st.builds(
    lambda epoch, upstream, revision: f"{epoch}1{upstream}{revision}",
    st.sampled_from(["", "0:", "2:"]),
    PARTS,
    st.sampled_from(["", "-1", "-1~deb12u1", "-1+b1"]),
)


def test_examples_of_the_manual() -> None:
    ordered = ["1.0~~", "1.0~~a", "1.0~", "1.0", "1.0-1", "1.0-2", "1.0a", "1.0+1", "1.1", "1:0.1"]
    for left, right in pairwise(ordered):
        assert compare(left, right) < 0 < compare(right, left)
    assert compare("1.0", "0:1.0") == 0


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="dpkg is the oracle: run on a Debian family host")
@settings(max_examples=60, deadline=None)
@given(VERSIONS, VERSIONS)
def test_the_order_is_dpkgs(left: str, right: str) -> None:
    answer = subprocess.run(
        ["dpkg", "--compare-versions", left, "lt", right], check=False, timeout=20, capture_output=True
    )
    assert (compare(left, right) < 0) is (answer.returncode == 0)


def header(**tags: str) -> bytes:
    index, data = b"", b""
    for tag, value in {1000: tags["name"], 1001: tags["version"], 1002: tags["release"]}.items():
        index += struct.pack(">IIII", tag, 6, len(data), 1)
        data += value.encode() + b"\0"
    return struct.pack(">II", 3, len(data)) + index + data


def test_rpm_database(tmp_path: Path) -> None:
    path = tmp_path / "var/lib/rpm/rpmdb.sqlite"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as database:
        database.execute("create table Packages (hnum integer primary key, blob blob not null)")
        database.execute(
            "insert into Packages values (1, ?)", [header(name="openssl", version="3.0.7", release="28.el9")]
        )
    database.close()
    assert installed(HostTree(tmp_path, live=False)) == {"openssl": "3.0.7-28.el9"}


def test_a_broken_or_missing_database_is_not_obtained(tmp_path: Path) -> None:
    with pytest.raises(NotObtainedError):
        installed(HostTree(tmp_path, live=False))
    path = tmp_path / "var/lib/rpm/rpmdb.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database")
    with pytest.raises(NotObtainedError):
        installed(HostTree(tmp_path, live=False))
