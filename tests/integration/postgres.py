"""A throw-away PostgreSQL cluster for tests, run by a user that is not root."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NEEDED = ("initdb", "pg_ctl", "postgres")


def _user() -> dict[str, int]:
    """Arguments that make a child run as somebody else than root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid}
    pytest.skip("no user postgres or nobody to run PostgreSQL as; install with: apt-get install postgresql")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def cluster() -> Iterator[str]:
    """The URL of an empty database in a fresh cluster; gone afterwards. Skips where PostgreSQL is missing."""
    if missing := [name for name in NEEDED if shutil.which(name) is None]:
        pytest.skip(f"{missing[0]} is not installed; install with: apt-get install postgresql")
    child = _user()
    folder = Path(tempfile.mkdtemp(prefix="yaodun-pg-", dir="/tmp"))
    if child:
        os.chown(folder, child["user"], child["group"])

    def run(*words: str) -> None:
        done = subprocess.run(
            words, cwd=folder, capture_output=True, timeout=120, env={**os.environ, "LC_ALL": "C"}, **child
        )
        if done.returncode:
            raise RuntimeError(done.stdout.decode() + done.stderr.decode())

    port, data, log = _free_port(), folder / "data", folder / "log"
    try:
        run("initdb", "-D", str(data), "-U", "yaodun", "-A", "trust", "-E", "UTF8", "--no-sync")
        run(
            "pg_ctl",
            "-D",
            str(data),
            "-l",
            str(log),
            "-w",
            "-o",
            f"-p {port} -h 127.0.0.1 -k {folder} -c fsync=off -c full_page_writes=off",
            "start",
        )
        yield f"postgresql://yaodun@127.0.0.1:{port}/postgres"
    finally:
        if data.exists():
            subprocess.run(
                ["pg_ctl", "-D", str(data), "-m", "immediate", "stop"], capture_output=True, timeout=60, **child
            )
        shutil.rmtree(folder, ignore_errors=True)
