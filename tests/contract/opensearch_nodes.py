"""Real OpenSearch nodes for the tests: started once for a run, without Docker; skipped where Java or Maven lack."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from infra.store.opensearch import Address

SCRIPT = Path(__file__).parents[2] / "infra" / "deploy" / "opensearch"
PASSWORD = "Yd-" + secrets.token_hex(8) + "!A"
PATIENCE_S = 240
SHORT_LIVED = {"OPENSEARCH_HEAP": "512m", "OPENSEARCH_JAVA_MORE": "-XX:TieredStopAtLevel=1"}
"""A node of a test ends before the slower compiler would pay for itself."""


def free_port() -> int:
    """A port nobody uses, with the one above it for the node's transport."""
    for _ in range(50):
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = int(one.getsockname()[1])
            if 20_000 <= port < 60_000:
                try:
                    two.bind(("127.0.0.1", port + 1))
                except OSError:
                    continue
                return port
    raise RuntimeError("no two free ports side by side")


@contextmanager
def node(version: str, folder: Path, secure: bool) -> Iterator[Address]:
    """A running node; its address as the administrator."""
    if given := os.environ.get(f"YAODUN_TEST_OPENSEARCH_{version.split('.')[0]}"):
        yield Address.read(given, ca=Path(os.environ["YAODUN_TEST_OPENSEARCH_CA"]) if secure else None)
        return
    port = free_port()
    command = [str(SCRIPT / "node.sh"), version, str(folder), str(port), *(["secure"] if secure else [])]
    log = folder / "node.log"
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env={**os.environ, **SHORT_LIVED, "OPENSEARCH_INITIAL_ADMIN_PASSWORD": PASSWORD},
        )
    try:
        ca = folder / f"opensearch-{version}" / "config" / "root-ca.pem"
        url = f"https://admin:{PASSWORD}@localhost:{port}" if secure else f"http://127.0.0.1:{port}"
        address = Address.read(url, ca=ca if secure else None)
        _wait(address, process, log)
        yield address
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(address: Address, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            reason = log.read_text(errors="replace").strip().splitlines()[-1:]
            pytest.skip(f"no OpenSearch node: {reason}; install maven and a JDK 21 or later")
        try:
            call(address, "GET", "/_cluster/health?wait_for_status=yellow&timeout=30s")
        except (OSError, urllib.error.URLError):
            time.sleep(0.5)
        else:
            return
    pytest.fail(f"the node did not come up: {log.read_text(errors='replace')[-2000:]}")


def call(address: Address, method: str, path: str, body: object = None) -> dict[str, object]:
    """One request to the node, with the standard library, so that it owes nothing to the client under test."""
    import base64

    request = urllib.request.Request(address.url + path, method=method)
    if address.user:
        token = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
    data = None
    if body is not None:
        data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    context = ssl.create_default_context(cafile=str(address.ca)) if address.ca else None
    with urllib.request.urlopen(request, data, timeout=60, context=context) as answer:
        found: dict[str, object] = json.loads(answer.read())
        return found


NODES = {"opensearch-3.8.0": False, "opensearch-2.19.4-secure": True}
"""Versions, and whether they run with the security plugin."""


class Nodes:
    """Addresses of nodes, each started at the first call.

    Not in pytest's own temporary folder: a node runs as another user, who may not look into it.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack, self._running = stack, dict[str, Address]()

    def __call__(self, name: str) -> Address:
        if name not in self._running:
            folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="yaodun-node-", dir="/var/tmp")))
            admin = self._stack.enter_context(node(name.split("-")[1], folder, NODES[name]))
            self._running[name] = least_privileged(admin) if NODES[name] else admin
        return self._running[name]


def least_privileged(admin: Address) -> Address:
    """A user with the documented role and nothing else."""
    text = (SCRIPT / "role.json").read_text()
    role = json.loads(text.replace("yaodun-*", "yaodun*-*").replace("yaodun_*", "yaodun*_*"))
    call(admin, "PUT", "/_plugins/_security/api/roles/yaodun_store", role)
    call(admin, "PUT", "/_plugins/_security/api/internalusers/yaodun", {"password": PASSWORD})
    call(admin, "PUT", "/_plugins/_security/api/rolesmapping/yaodun_store", {"users": ["yaodun"]})
    return Address(admin.url, "yaodun", PASSWORD, admin.ca)
