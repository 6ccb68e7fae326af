"""A real attack on this host: a network that belongs to the test alone, an attacker in a namespace beside it, an sshd
whose log lines reach the platform through rsyslog, and a guessing tool that does not tire."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.running import wait_for

NEW_NETWORK = 0x40000000
HERE, THERE = "10.78.0.1", "10.78.0.2"
PROGRAMS = {"ip": "iproute2", "nft": "nftables", "sshd": "openssh-server", "rsyslogd": "rsyslog",
            "unshare": "util-linux", "ssh-keygen": "openssh-client"}  # fmt: skip
_DEVICES = """
set -e
mount --make-rprivate /
mkdir "$1/dev"
mount -t tmpfs -o mode=0755 tmpfs "$1/dev"
for each in null zero full random urandom tty; do touch "$1/dev/$each"; mount --bind "/dev/$each" "$1/dev/$each"; done
ln -s "$1/log" "$1/dev/log"
mount --move "$1/dev" /dev
shift
exec "$@"
"""
"""Starts a program with a /dev of its own, in which /dev/log is rsyslog's entrance."""
_GUESS = """
import asyncio, itertools, sys
import asyncssh

async def guess(number):
    try:
        await asyncssh.connect(
            sys.argv[1], int(sys.argv[2]), username="admin", password=f"secret-{number}", known_hosts=None,
            config=None, client_keys=None, agent_path=None, connect_timeout=3,
        )
    except (asyncssh.Error, OSError, TimeoutError):
        await asyncio.sleep(0.02)

async def main():
    for number in itertools.count():
        await guess(number)

asyncio.run(main())
"""


def needed() -> None:
    """Skip where the attack cannot be staged."""
    if os.geteuid() != 0:
        pytest.skip("needs network namespaces of its own; run the tests as root to prove it")
    missing = sorted({package for name, package in PROGRAMS.items() if shutil.which(name) is None})
    if missing:
        pytest.skip(f"an attack needs more programs; install with: apt-get install {' '.join(missing)}")


@contextmanager
def own_network() -> Iterator[None]:
    """This thread, and all it starts from now on, in a network of its own that has a loopback and nothing else; as
    before where that is not possible."""
    library = ctypes.CDLL(None, use_errno=True)
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    try:
        apart = os.geteuid() == 0 and shutil.which("ip") is not None and library.unshare(NEW_NETWORK) == 0
        if apart:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        try:
            yield
        finally:
            if apart:
                assert library.setns(before, NEW_NETWORK) == 0
    finally:
        os.close(before)


@dataclass
class Attacker:
    """Somebody in a namespace beside this host, at the address ``THERE``."""

    namespace: str
    folder: Path
    port: int

    def reaches(self) -> bool:
        """Does the host's ssh answer, within two seconds?"""
        words = ["timeout", "2", "bash", "-c", f"exec 3<>/dev/tcp/{HERE}/{self.port} && read -r -t 1 -u 3"]
        there = ["ip", "netns", "exec", self.namespace, *words]
        return subprocess.run(there, check=False, capture_output=True).returncode == 0

    @contextmanager
    def guessing(self) -> Iterator[None]:
        """Passwords are tried, about ten a second, until the end."""
        process = subprocess.Popen(
            ["ip", "netns", "exec", self.namespace, *self._tool()], cwd=self.folder,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            yield
        finally:
            process.terminate()
            process.wait(10)

    def _tool(self) -> list[str]:
        """hydra where it is installed; else a client of our own that does the same."""
        if (hydra := shutil.which("hydra")) is None:
            return [sys.executable, "-c", _GUESS, HERE, str(self.port)]
        (words := self.folder / "words").write_text("".join(f"secret-{number}\n" for number in range(20_000)))
        return [
            hydra,
            "-I",
            "-t",
            "2",
            "-w",
            "1",
            "-l",
            "admin",
            "-P",
            str(words),
            "-s",
            str(self.port),
            f"ssh://{HERE}",
        ]


@dataclass
class Attacked:
    """The attack: who attacks, and what sshd has written of it so far."""

    attacker: Attacker
    log: Path

    def failures(self) -> int:
        """Failed guesses that sshd has logged."""
        return self.log.read_text(errors="replace").count("Failed password for") if self.log.exists() else 0


@contextmanager
def under_attack(folder: Path, syslog_port: int) -> Iterator[Attacked]:
    """sshd on this host, whose syslog goes through rsyslog to the platform's receiver; an attacker beside it."""
    with ExitStack() as stack:
        namespace = stack.enter_context(_neighbour())
        log = stack.enter_context(_rsyslog(folder, syslog_port))
        port = stack.enter_context(_sshd(folder))
        yield Attacked(Attacker(namespace, folder, port), log)


@contextmanager
def _neighbour() -> Iterator[str]:
    name = f"yd{secrets.token_hex(4)}"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        wire = ["ip", "link", "add", f"{name}h", "type", "veth", "peer", "name", f"{name}a", "netns", name]
        subprocess.run(wire, check=True)
        for place, link, address in ((["ip"], f"{name}h", HERE), (["ip", "-n", name], f"{name}a", THERE)):
            subprocess.run([*place, "address", "add", f"{address}/24", "dev", link], check=True)
            subprocess.run([*place, "link", "set", link, "up"], check=True)
        yield name
    finally:
        subprocess.run(["ip", "netns", "del", name], check=False)


@contextmanager
def _rsyslog(folder: Path, port: int) -> Iterator[Path]:
    (folder / "rsyslog.conf").write_text(
        f'global(workDirectory="{folder}")\nmodule(load="imuxsock" SysSock.Use="off")\n'
        f'input(type="imuxsock" Socket="{folder}/log" RateLimit.Interval="0")\n'
        f'action(type="omfile" file="{folder}/auth.log")\n'
        f'action(type="omfwd" target="127.0.0.1" port="{port}" protocol="tcp" TCP_Framing="octet-counted"'
        ' template="RSYSLOG_SyslogProtocol23Format")\n'
    )
    words = ["rsyslogd", "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "rsyslog.pid")]
    with _running(words, folder / "rsyslog.out"):
        wait_for("rsyslog's entrance", (folder / "log").exists)
        yield folder / "auth.log"


@contextmanager
def _sshd(folder: Path, port: int = 22_022) -> Iterator[int]:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host")], check=True)
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress {HERE}\nHostKey {folder}/host\nPidFile {folder}/sshd.pid\nUsePAM no\n"
        "PasswordAuthentication yes\nSyslogFacility AUTH\nLogLevel INFO\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    program = str(shutil.which("sshd"))
    words = ["unshare", "--mount", "sh", "-c", _DEVICES, "sshd", str(folder), program, "-D", "-f",
             str(folder / "sshd_config")]  # fmt: skip
    with _running(words, folder / "sshd.out"):
        wait_for("sshd", (folder / "sshd.pid").exists)
        yield port


@contextmanager
def _running(words: list[str], output: Path) -> Iterator[None]:
    with output.open("wb") as out:
        process = subprocess.Popen(words, stdout=out, stderr=out)
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)
