"""A real keystone, Debian's, in a folder of its own: SQLite, one process, one port."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
PASSWORD = "an orchard of 14 pears"
_SERVE = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from keystone.server.wsgi import initialize_public_application
port = int(sys.argv.pop())
class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass
class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
make_server("127.0.0.1", port, initialize_public_application(), Server, Quiet).serve_forever()
"""
_SETTINGS = """
[DEFAULT]
log_dir = {folder}
[database]
connection = sqlite:///{folder}/keystone.db
[fernet_tokens]
key_repository = {folder}/fernet
[credential]
key_repository = {folder}/credential
[cache]
enabled = false
[identity]
password_hash_rounds = 4
"""


@dataclass(frozen=True)
class Keystone:
    """Where it answers, and what its administrator does there, apart from the collector."""

    url: str
    client: httpx.Client

    def token(self) -> str:
        """A token of the administrator."""
        domain = {"name": "Default"}
        user = {"name": "admin", "domain": domain, "password": PASSWORD}
        scope = {"project": {"name": "admin", "domain": domain}}
        identity = {"methods": ["password"], "password": {"user": user}}
        answer = self.client.post(f"{self.url}/auth/tokens", json={"auth": {"identity": identity, "scope": scope}})
        return str(answer.raise_for_status().headers["x-subject-token"])

    def ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        """An answer to the administrator."""
        headers = {"X-Auth-Token": self.token(), **more.pop("headers", {})}
        answer = self.client.request(method, f"{self.url}/{path}", headers=headers, **more).raise_for_status()
        return dict(answer.json()) if answer.content else {}


def keystone_here() -> None:
    """Skips where Debian's keystone is not installed."""
    known = Path(SYSTEM_PYTHON).exists() and shutil.which("keystone-manage")
    if not known:
        pytest.skip("no keystone: apt-get install --no-install-recommends python3-keystone")


@contextmanager
def keystone(folder: Path) -> Iterator[Keystone]:
    """Made, started, and ended with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url, settings = f"http://127.0.0.1:{port}/v3", folder / "keystone.conf"
    settings.write_text(_SETTINGS.format(folder=folder))
    environment = {**os.environ, "OS_KEYSTONE_CONFIG_FILES": str(settings)}
    mine = ["--keystone-user", str(os.geteuid()), "--keystone-group", str(os.getegid())]
    with ThreadPoolExecutor() as pool:
        made = [pool.submit(_manage, settings, keys, *mine) for keys in ("fernet_setup", "credential_setup")]
        made.append(pool.submit(_manage, settings, "db_sync"))
    for each in made:
        each.result()
    named = [f"--bootstrap-{kind}-url={url}" for kind in ("admin", "internal", "public")]
    _manage(settings, "bootstrap", "--bootstrap-password", PASSWORD, "--bootstrap-region-id", "one", *named)
    process = subprocess.Popen([SYSTEM_PYTHON, "-c", _SERVE, str(port)], env=environment)
    try:
        with httpx.Client(timeout=120, trust_env=False) as client:
            _until_it_answers(client, url, process)
            yield Keystone(url, client)
    finally:
        process.kill()
        process.wait()


def _manage(settings: Path, *words: str) -> None:
    command = ["keystone-manage", "--config-file", str(settings), *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]


def _until_it_answers(client: httpx.Client, url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 300
    while True:
        assert process.poll() is None, "keystone ended"
        try:
            client.get(url).raise_for_status()
            return
        except httpx.HTTPError:
            assert time.monotonic() < end, "keystone does not answer"
        time.sleep(0.1)
