"""Real things for playbooks to act on: a host in a network namespace with a neighbour on a wire, an account with a
session, a service with a daemon, a process, files. What is there is seen without the actions' own probes."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from playbooks.actions.commands import Host
from tests.running import wait_for

GUARDED, NEIGHBOUR = "10.79.0.1", "10.79.0.2"
_SERVICE = """#!/bin/sh
case "$1" in
restart) [ -f {pid} ] && kill "$(cat {pid})"; sleep 600 >/dev/null 2>&1 & echo $! > {pid} ;;
*) exit 2 ;;
esac
"""
_CONNECT = f"""
import socket, sys
with socket.socket() as there:
    there.settimeout(0.7)
    try:
        there.connect(("{GUARDED}", 9))
    except ConnectionRefusedError:
        sys.exit(0)
    except OSError:
        sys.exit(1)
"""


def needed() -> None:
    """Skip where there is no such world."""
    if os.geteuid() != 0 or any(shutil.which(each) is None for each in ("ip", "nft", "useradd", "service")):
        pytest.skip("needs root, ip, nft, useradd; install with: apt-get install nftables iproute2 passwd")
    if Path("/run/systemd/system").is_dir():
        pytest.skip("restarts services the SysV way; this host is run by systemd")


@dataclass
class Ground:
    """What stays for all playbooks: the wire, the account, the service."""

    mark: str
    folder: Path

    @property
    def host(self) -> Host:
        """Programs run on the guarded side."""
        return Host(prefix=("ip", "netns", "exec", f"{self.mark}a"))

    @property
    def daemon(self) -> str:
        """The number of the service's process."""
        return (self.folder / "daemon.pid").read_text().strip()

    def neighbour_runs(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A program on the other end of the wire."""
        there = ["ip", "netns", "exec", f"{self.mark}b", *words]
        return subprocess.run(there, check=False, capture_output=True, text=True)

    def reached(self) -> bool:
        """Does the guarded host answer its neighbour?"""
        return self.neighbour_runs(sys.executable, "-S", "-c", _CONNECT).returncode == 0

    def answered(self) -> int:
        """Of sixty quick pings of the neighbour, how many are answered?"""
        said = self.neighbour_runs("ping", "-q", "-c", "60", "-i", "0.002", "-W", "0.3", GUARDED).stdout
        return int(said.partition(" received")[0].rpartition(", ")[2] or 0)


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """The world without what playbooks use up."""
    needed()
    with ExitStack() as stack:
        made = Ground(f"yd{secrets.token_hex(3)}", folder)
        for side in "ab":
            subprocess.run(["ip", "netns", "add", f"{made.mark}{side}"], check=True)
            stack.callback(subprocess.run, ["ip", "netns", "del", f"{made.mark}{side}"], check=False)
        _wire(made.mark)
        subprocess.run(["useradd", "--no-create-home", made.mark], check=True, capture_output=True)
        stack.callback(subprocess.run, ["userdel", "--force", made.mark], check=False, capture_output=True)
        (script := Path("/etc/init.d") / made.mark).write_text(_SERVICE.format(pid=folder / "daemon.pid"))
        stack.callback(script.unlink)
        script.chmod(0o755)
        subprocess.run(["service", made.mark, "restart"], check=True, start_new_session=True)
        stack.callback(lambda: os.kill(int(made.daemon), signal.SIGKILL))
        yield made


def _wire(mark: str) -> None:
    ends = {f"{mark}a": ("wa", GUARDED), f"{mark}b": ("wb", NEIGHBOUR)}
    one, other = ends
    wire = ["ip", "link", "add", "wa", "netns", one, "type", "veth", "peer", "name", "wb", "netns", other]
    subprocess.run(wire, check=True)
    for name, (link, address) in ends.items():
        subprocess.run(["ip", "-n", name, "address", "add", f"{address}/24", "dev", link], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", link, "up"], check=True)
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)


@dataclass
class World:
    """The ground with a process, a session of the account, and two files, for one playbook."""

    ground: Ground
    folder: Path
    process: subprocess.Popen[bytes]
    session: subprocess.Popen[bytes]
    daemon: str = field(init=False)

    def __post_init__(self) -> None:
        self.daemon = self.ground.daemon
        self.bad, self.kept = self.folder / "bad.sh", self.folder / "app.conf"
        for path in (self.bad, self.kept):
            path.write_text(f"content of {path.name}")

    @property
    def values(self) -> dict[str, str]:
        """Inputs of playbooks, all of them of this world."""
        started = str(psutil.Process(self.process.pid).create_time())
        return {
            "address": NEIGHBOUR, "network": "10.79.0.0/28", "account": self.ground.mark, "path": str(self.bad),
            "process": str(self.process.pid), "started": started, "service": self.ground.mark, "channel": "192.0.2.9",
            "host": "h", "subject": "81001", "system": "s", "kept": str(self.kept),
        }  # fmt: skip

    def state(self) -> str:
        """The hash of all that a rollback must bring back."""
        lines = Path("/etc/shadow").read_text().splitlines()
        rules = self.ground.host.run(["nft", "list", "ruleset"]).stdout.splitlines()
        held: dict[str, Any] = {
            "account": [line for line in lines if line.startswith(f"{self.ground.mark}:")],
            "files": [_content(path) for path in (self.bad, self.kept)],
            "held": [line.strip() for line in rules if "elements" in line or "isolation" in line],
            "reached": self.ground.reached(),
        }  # fmt: skip
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()

    def happened(self, kind: str) -> bool:
        """Is the effect there, for whoever looks at the thing itself?"""
        return _SEEN[kind](self)

    def touch(self) -> None:
        """Somebody changes the configuration after it was kept."""
        self.kept.write_text("altered")


@contextmanager
def world(ground: Ground, folder: Path) -> Iterator[World]:
    """A world for one playbook."""
    session = subprocess.Popen(["sleep", "600"], user=ground.mark, cwd="/")
    process = subprocess.Popen(["sh", "-c", "sleep 600 & sleep 600 & wait"])
    try:
        wait_for("the tree of processes", lambda: len(psutil.Process(process.pid).children()) == 2)
        yield World(ground, folder, process, session)
    finally:
        for each in (session, process):
            for one in [*psutil.Process(each.pid).children(), each] if each.poll() is None else [each]:
                one.kill()
            each.wait()


def _content(path: Path) -> tuple[str, str] | None:
    return (path.read_text(), oct(path.stat().st_mode)) if path.exists() else None


def _restarted(world: World) -> bool:
    return world.ground.daemon != world.daemon and psutil.pid_exists(int(world.ground.daemon))


def _locked(world: World) -> bool:
    said = subprocess.run(["passwd", "-S", world.ground.mark], check=True, capture_output=True, text=True).stdout
    return said.split()[1] == "L"


def _ended(process: subprocess.Popen[bytes]) -> bool:
    return process.poll() is not None


_SEEN: dict[str, Callable[[World], bool]] = {
    "block-address": lambda world: not world.ground.reached(),
    "slow-address": lambda world: world.ground.answered() < 50,
    "isolate-host": lambda world: not world.ground.reached(),
    "lock-account": _locked,
    "end-sessions": lambda world: _ended(world.session),
    "stop-process": lambda world: _ended(world.process),
    "quarantine-file": lambda world: not world.bad.exists(),
    "snapshot-configuration": lambda world: any(
        path.read_text() == world.kept.read_text() for path in world.folder.glob("keep/snapshots/*/content")
    ),
    "restart-service": _restarted,
    "collect-evidence": lambda world: any(world.folder.glob("keep/evidence/*")),
    "notify": lambda world: True,
    "command": lambda world: True,
}
