"""A real sshd: checks that only read, configurations masked and compared, hosts that cannot prove themselves."""

from __future__ import annotations

import getpass
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collectors.probes.ssh_check_poller import make as make_checks
from collectors.snapshots.snapshot_poller import make as make_snapshots
from collectors.sources.reporting import Host, Reporter
from infra.errors import AppError
from infra.events.stream import Event
from tests.integration.brokers import free_port, program, running
from tests.unit.collectors.sinks import conforming

pytestmark = pytest.mark.integration
REPORTER = Reporter(Host("agent1", ""), "ssh")
BEFORE = """Building configuration...
!
hostname edge-1
enable secret 5 $1$abcd$0123456789abcdefghijkl
username admin privilege 15 secret 9 $9$0123456789abcdef
interface GigabitEthernet0/1
 description uplink
 ip address 192.0.2.1 255.255.255.0
 no shutdown
!
interface GigabitEthernet0/2
 shutdown
!
snmp-server community s3cr3tCommunity RO
ip access-list extended OUTSIDE
 permit tcp any host 192.0.2.7 eq 443
 deny ip any any
end
"""


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    folder, port, path = tmp_path_factory.mktemp("sshd"), free_port(), program("sshd", "openssh-server")
    for name in ("host", "user"):
        words = [program("ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(words, check=True, timeout=20)
    (folder / "authorized").write_text((folder / "user.pub").read_text())
    settings = folder / "sshd_config"
    settings.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nPidFile {folder}/pid\nStrictModes no\n"
        f"AuthorizedKeysFile {folder}/authorized\nPasswordAuthentication no\nUsePAM no\nPermitRootLogin yes\n"
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with running([path, "-D", "-e", "-f", str(settings)], port):
        host_key = " ".join((folder / "host.pub").read_text().split()[:2])
        yield {
            "host": "127.0.0.1",
            "port": port,
            "user": getpass.getuser(),
            "key": str(folder / "user"),
            "host_key": host_key,
        }


def actions(documents: list[Event]) -> list[str]:
    conforming(documents)
    return [each["event.action"] for each in documents if "event.action" in each]


async def test_checks(sshd: dict[str, Any], tmp_path: Path) -> None:
    switch = tmp_path / "state"
    switch.write_text("enforcing\n")
    checks = [
        {"name": "mode", "command": f"cat {switch}", "match": "^enforcing$"},
        {"name": "root", "command": "df --output=pcent /", "match": r"(\d+)%", "below": 101},
        {"name": "kernel", "command": "uname -s", "match": "Linux", "absent": "Windows"},
    ]
    poller: Any = make_checks(REPORTER, {**sshd, "check": checks[:1] + checks[2:]}, tmp_path)
    first = await poller.look()
    passed = {each["yaodun.metric.instance"]: each["yaodun.metric.value"] for each in first
              if each.get("yaodun.metric.name") == "check.passed"}  # fmt: skip
    assert passed == {"mode": 1.0, "kernel": 1.0, "connection": 1.0}
    assert actions(first) == []
    switch.write_text("permissive\n")
    assert actions(await poller.look()) == ["check-failed"]
    assert actions(await poller.look()) == []
    switch.write_text("enforcing\n")
    assert actions(await poller.look()) == ["check-passed"]
    with pytest.raises(AppError, match="root"):
        make_checks(REPORTER, {**sshd, "check": checks}, tmp_path)


async def test_a_host_with_another_key_and_a_stranger(sshd: dict[str, Any], tmp_path: Path) -> None:
    check = [{"name": "k", "command": "uname"}]
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
    for change, words in (({"host_key": other}, "another key"), ({"user": "nobody-such"}, "let this user in"),
                          ({"port": free_port()}, "")):  # fmt: skip
        poller: Any = make_checks(REPORTER, {**sshd, "check": check, **change}, tmp_path)
        found = [each for each in await poller.look() if "event.action" in each]
        assert [each["event.action"] for each in found] == ["check-failed"]
        assert words in found[0]["message"]
    for wrong in ({"host_key": ""}, {"key": ""}, {"key": "/nowhere"}):
        with pytest.raises(AppError):
            make_checks(REPORTER, {**sshd, "check": check, **wrong}, tmp_path)


@pytest.mark.parametrize(
    "command", ["rm -rf /", "cat x; reboot", "cat x | sh", "ls $(reboot)", "show `x`", "find / -delete"]
)
def test_commands_that_do_not_only_read_are_refused(sshd: dict[str, Any], tmp_path: Path, command: str) -> None:
    with pytest.raises(AppError):
        make_checks(REPORTER, {**sshd, "check": [{"name": "x", "command": command}]}, tmp_path)
    with pytest.raises(AppError):
        make_snapshots(REPORTER, {**sshd, "command": command.replace("ls", "show")}, tmp_path)


async def test_a_configuration_is_masked_and_its_changes_told(sshd: dict[str, Any], tmp_path: Path) -> None:
    device, state = tmp_path / "running-config", tmp_path / "state"
    device.write_text(BEFORE)
    poller: Any = make_snapshots(REPORTER, {**sshd, "command": f"cat {device}"}, state)
    [snapshot, _] = await poller.look()
    assert snapshot["yaodun.inventory.change"] == "present"
    for secret in ("s3cr3tCommunity", "0123456789abcdef"):
        assert secret not in str(snapshot)
        assert all(secret.encode() not in path.read_bytes() for path in state.rglob("*") if path.is_file())
    device.write_text(BEFORE.replace("Building", "! Last configuration change at 03:00\nBuilding"))
    assert actions(await poller.look()) == []
    changed = BEFORE.replace(" shutdown\n!\nsnmp", " no shutdown\n!\nsnmp").replace(
        "s3cr3tCommunity", "other-Community"
    )
    device.write_text(changed.replace(" deny ip any any", " permit ip any any"))
    documents = await poller.look()
    [event] = [each for each in documents if each.get("event.action") == "configuration-changed"]
    assert "[interface GigabitEthernet0/2] - shutdown" in event["message"]
    assert "permit ip any any" in event["message"]
    assert "snmp-server community <masked" in event["message"]
    assert "other-Community" not in event["message"]
    assert actions(await poller.look()) == []
