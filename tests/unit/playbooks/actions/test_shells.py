"""bash here, ssh and powershell through a real sshd (powershell: a recorder stands for pwsh on the far side)."""

from __future__ import annotations

import base64
import getpass
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import pytest

from infra.errors import AppError
from playbooks.actions.commands import Host
from playbooks.actions.remote import PowerShell, Ssh
from playbooks.actions.secrets import SecretFolder
from playbooks.actions.shells import Bash
from playbooks.engine.orders import Order, Seen
from playbooks.model.guard import Certainty
from playbooks.model.playbook import Party
from tests.unit.playbooks.actions.servers import free_port
from trust.identity.seal import Sealer


def order(text: str, **more: object) -> Order:
    return Order("k", "r", "s", "bash", text=text, **more)  # type: ignore[arg-type]


def test_bash_tells_output_code_and_time() -> None:
    bash = Bash(Host())
    done = bash.act(order("echo out; echo err >&2; exit 3"))
    assert (done.ok, done.output["stdout"], done.output["stderr"], done.output["exit_code"]) == (
        False,
        "out\n",
        "err\n",
        "3",
    )
    late = bash.act(order("sleep 60 & sleep 60", timeout_s=0.3))
    assert (late.ok, late.reason) == (False, "timeout")
    assert len(bash.act(order("head -c 1000000 /dev/zero | tr '\\0' x")).output["stdout"]) < 70_000


def test_a_program_does_not_see_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YAODUN_SECRET", "hunter2")
    assert "hunter2" not in Bash(Host()).act(order("env")).output["stdout"]


def test_a_probe_that_is_written_down_settles_it(tmp_path: Path) -> None:
    bash, probe = Bash(Host()), f"test -e {tmp_path}/x"
    assert bash.certainty(order("x")) is Certainty.NONE
    assert bash.certainty(order("x", probe=probe)) is Certainty.PROBE
    assert bash.probe(order("x", probe=probe)) is Seen.ABSENT
    (tmp_path / "x").touch()
    assert bash.probe(order("x", probe=probe)) is Seen.DONE
    assert bash.probe(order("x", probe="exit 7")) is Seen.UNKNOWN


@pytest.fixture
def far(tmp_path: Path) -> Iterator[tuple[Party, SecretFolder, Path]]:
    """A real sshd with keys of its own, a recorder called pwsh on its path."""
    sshd = shutil.which("sshd") or "/usr/sbin/sshd"
    if not Path(sshd).exists():
        pytest.skip("sshd is not installed; install with: apt-get install openssh-server")
    Path("/run/sshd").mkdir(exist_ok=True) if os.geteuid() == 0 else None
    port, user = free_port(), asyncssh.generate_private_key("ssh-ed25519")
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    host_key.write_private_key(str(tmp_path / "host_key"))
    (tmp_path / "host_key").chmod(0o600)
    user.write_public_key(str(tmp_path / "authorized"))
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/pwsh").write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/pwsh.args\necho ran\n')
    (tmp_path / "bin/pwsh").chmod(0o755)
    (tmp_path / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host_key\nAuthorizedKeysFile {tmp_path}/authorized\n"
        f"StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin yes\nSetEnv PATH={tmp_path}/bin:/usr/bin:/bin\n"
    )
    server = subprocess.Popen([sshd, "-D", "-e", "-f", str(tmp_path / "config")], stderr=subprocess.PIPE)
    assert server.stderr is not None
    line = server.stderr.readline().decode()
    assert "listening" in line, line
    public = host_key.export_public_key().decode().strip()
    (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{port} {public}\n")
    secrets = SecretFolder(tmp_path / "secrets", Sealer(bytes(32)))
    secrets.put("host-7", user.export_private_key().decode())
    yield Party("ssh", "far", {"ipv4": ["127.0.0.1"]}, str(port)), secrets, tmp_path
    server.terminate()
    server.wait(10)
    server.stderr.close()


def there(party: Party, text: str, **more: object) -> Order:
    return order(text, target=party, secret="host-7", username=getpass.getuser(), timeout_s=20, **more)


def test_ssh_runs_there_and_checks_the_host(far: tuple[Party, SecretFolder, Path]) -> None:
    party, secrets, folder = far
    ssh = Ssh(secrets, folder / "known_hosts")
    done = ssh.act(there(party, "YDv='a b'\necho \"${YDv}\"; exit 4"))
    assert (done.ok, done.output["stdout"], done.output["exit_code"]) == (False, "a b\n", "4")
    assert ssh.probe(there(party, "x", probe="true")) is Seen.DONE
    started = time.monotonic()
    assert ssh.act(order("sleep 30", target=party, secret="host-7", username=getpass.getuser(), timeout_s=2)).reason
    assert time.monotonic() - started < 15
    (folder / "known_hosts").write_text("")
    with pytest.raises(AppError):
        ssh.act(there(party, "true"))
    with pytest.raises(AppError):
        ssh.act(order("true", target=party, secret="unknown", username="x"))


def test_powershell_arrives_as_one_encoded_argument(far: tuple[Party, SecretFolder, Path]) -> None:
    party, secrets, folder = far
    script = "Write-Output 'it''s'; exit 0"
    done = PowerShell(secrets, folder / "known_hosts").act(there(party, script))
    assert (done.ok, done.output["stdout"]) == (True, "ran\n")
    coded = (folder / "pwsh.args").read_text().split()[-1]
    assert base64.b64decode(coded).decode("utf-16-le") == script


def test_secrets_are_sealed_at_rest(tmp_path: Path) -> None:
    folder = SecretFolder(tmp_path, Sealer(bytes(32)))
    folder.put("a", "hunter2")
    assert folder.get("a") == "hunter2"
    assert folder.names() == ["a"]
    assert b"hunter2" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for name in ("../x", "", "b"):
        with pytest.raises(AppError):
            folder.get(name)
