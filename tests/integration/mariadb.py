"""A throw-away MariaDB server for tests, run by a user that is not root, on a socket and a port of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.integration.postgres import _free_port, _user

NEEDED = ("mariadbd", "mariadb-install-db")


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of an empty database. Skips where MariaDB is missing."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin"
    if missing := [name for name in NEEDED if shutil.which(name, path=path) is None]:
        pytest.skip(f"{missing[0]} is not installed; install with: apt-get install mariadb-server-core")
    child = _user()
    folder = Path(tempfile.mkdtemp(prefix="yaodun-my-", dir="/tmp"))
    if child:
        os.chown(folder, child["user"], child["group"])
    port, data = _free_port(), folder / "data"
    common = [f"--datadir={data}", "--no-defaults"]
    environment = {**os.environ, "PATH": path}
    server: subprocess.Popen[bytes] | None = None
    try:
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, cwd=folder, env=environment, check=True, capture_output=True, timeout=120, **child)
        door = [f"--socket={folder}/s", f"--port={port}", "--bind-address=127.0.0.1"]
        words = ["mariadbd", *reversed(common), *door]
        options = ["--skip-grant-tables", "--innodb-flush-log-at-trx-commit=0", "--skip-networking=0"]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([*words, *options], cwd=folder, env=environment, stdout=log, stderr=log, **child)
        _wait(port, server)
        yield f"mariadb://root@127.0.0.1:{port}/test"
    finally:
        if server is not None:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("the MariaDB server ended at once")
        try:
            with socket.create_connection(("127.0.0.1", port), 0.5):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("the MariaDB server does not answer")
