"""Our own actions against the real thing: files, processes, accounts, services, firewalls, mail. Each is done, seen by
its probe, taken back, and the place is as it was."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.errors import AppError
from playbooks.actions import files, hosts, notices
from playbooks.actions.action import Action, Actions
from playbooks.actions.commands import Host
from playbooks.actions.firewall import BlockAddress, IsolateHost, SlowAddress
from playbooks.actions.messages import Gateway, NotifySms
from playbooks.actions.processes import StopProcess
from playbooks.engine.orders import Order, Seen
from tests.unit.playbooks.actions.servers import lines, web

ROOT = os.geteuid() == 0


def needs(*programs: str) -> None:
    if not ROOT:
        pytest.skip("needs root; run the tests as root to prove it")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed; install with: apt-get install nftables iproute2 passwd")


def test_a_file_goes_into_quarantine_and_comes_back_as_it_was(tmp_path: Path) -> None:
    action, path = files.QuarantineFile(tmp_path / "q"), tmp_path / "bad.sh"
    path.write_text("#!/bin/sh\n")
    path.chmod(0o751)
    words = (str(path),)
    assert action.probe(words, "k1") is Seen.ABSENT
    done = action.act(words, "k1")
    assert done.ok
    assert not path.exists()
    assert action.probe(words, "k1") is Seen.DONE
    assert action.probe(words, "k2") is Seen.ABSENT
    assert action.undo(words, done.before).ok
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("#!/bin/sh\n", 0o751)
    path.write_text("another")
    assert not action.undo(words, done.before).ok
    (tmp_path / "link").symlink_to(path)
    assert not action.act((str(tmp_path / "link"),), "k3").ok
    for bad in ((), ("relative",), ("/a/../b",), ("/a", "/b")):
        with pytest.raises(AppError):
            action.effects(bad)


def test_a_configuration_is_kept_and_restored(tmp_path: Path) -> None:
    action, path = files.SnapshotConfiguration(tmp_path / "s"), tmp_path / "app.conf"
    path.write_text("good")
    done = action.act((str(path),), "k")
    assert action.probe((str(path),), "k") is Seen.DONE
    path.write_text("broken")
    assert action.undo((str(path),), done.before).ok
    assert path.read_text() == "good"


def test_evidence_is_one_package_with_its_hash(tmp_path: Path) -> None:
    action, log = files.CollectEvidence(tmp_path / "e"), tmp_path / "auth.log"
    log.write_text("failed password")
    done = action.act((str(log),), "k")
    assert action.probe((str(log),), "k") is Seen.DONE
    with tarfile.open(done.output["path"]) as package:
        names = package.getnames()
    assert {"processes.json", "connections.json", "sessions.json", f"files{log}"} <= set(names)
    assert done.output["sha256"] == files.digest(Path(done.output["path"]))


def test_a_tree_of_processes_ends_but_not_one_with_a_used_number() -> None:
    child = subprocess.Popen(["bash", "-c", "sleep 300 & sleep 300 & wait"])
    action = StopProcess()
    parent = psutil.Process(child.pid)
    until = time.monotonic() + 10
    while len(parent.children()) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    family = [child.pid, *(each.pid for each in parent.children())]
    assert len(family) == 3
    late = (str(child.pid), str(parent.create_time() + 100))
    assert action.probe(late, "k") is Seen.DONE
    assert action.act(late, "k").ok
    assert psutil.pid_exists(child.pid)
    words = (str(child.pid), str(parent.create_time()))
    assert action.probe(words, "k") is Seen.ABSENT
    assert action.act(words, "k").ok
    child.wait(10)
    assert action.probe(words, "k") is Seen.DONE
    assert not any(psutil.pid_exists(each) and psutil.Process(each).status() != "zombie" for each in family)
    for bad in ("1", "0", "x", str(os.getpid())):
        with pytest.raises(AppError):
            action.effects((bad,))


@pytest.fixture
def account() -> Iterator[str]:
    needs("useradd", "usermod", "userdel")
    name = f"yd{secrets.token_hex(4)}"
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/bash", name], check=True, capture_output=True)
    subprocess.run(["chpasswd"], input=f"{name}:Secret-{secrets.token_hex(4)}", text=True, check=True)
    yield name
    subprocess.run(["userdel", "--force", name], check=False, capture_output=True)


def shadow(name: str) -> str:
    return next(line for line in Path("/etc/shadow").read_text().splitlines() if line.startswith(f"{name}:"))


def test_an_account_is_locked_its_sessions_end_and_it_opens_again(account: str) -> None:
    action, before = hosts.LockAccount(Host()), shadow(account)
    session = subprocess.Popen(
        ["/bin/sh", "-c", "echo up; exec sleep 300"], user=account, stdout=subprocess.PIPE, cwd="/"
    )
    assert session.stdout is not None
    session.stdout.readline()
    assert action.probe((account,), "k") is Seen.ABSENT
    done = action.act((account,), "k")
    assert done.ok
    session.wait(10)
    session.stdout.close()
    assert action.probe((account,), "k") is Seen.DONE
    assert shadow(account).split(":")[1].startswith("!")
    assert action.undo((account,), done.before).ok
    assert shadow(account) == before
    for bad in ("root", "-x", "a b", "../x"):
        with pytest.raises(AppError):
            action.effects((bad,))


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    needs("service")
    if Path("/run/systemd/system").is_dir():
        pytest.skip("this host is run by systemd; the SysV way is proven where it is not")
    name, log = f"yd{secrets.token_hex(4)}", tmp_path / "log"
    script = Path("/etc/init.d") / name
    script.write_text(f'#!/bin/sh\necho "$1" >> {log}\n')
    script.chmod(0o755)
    yield name, log
    script.unlink()


def test_a_service_is_restarted_once(service: tuple[str, Path], tmp_path: Path) -> None:
    name, log = service
    action = hosts.RestartService(Host(), tmp_path / "marks")
    assert action.probe((name,), "run:t1") is Seen.ABSENT
    assert action.act((name,), "run:t1").ok
    assert action.probe((name,), "run:t1") is Seen.DONE
    assert log.read_text() == "restart\n"
    assert not action.act((f"{name}x",), "run:t2").ok


@pytest.fixture
def network() -> Iterator[tuple[Host, str, str]]:
    """Two network namespaces with a wire between them: the guarded host, and the address on the other side."""
    needs("ip", "nft")
    names = [f"yd{secrets.token_hex(3)}{side}" for side in "ab"]
    links = [f"{name}v" for name in names]
    for name in names:
        subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        subprocess.run(["ip", "link", "add", links[0], "netns", names[0], "type", "veth", "peer", "name", links[1],
                        "netns", names[1]], check=True)  # fmt: skip
        for name, link, address in zip(names, links, ("10.77.0.1/24", "10.77.0.2/24"), strict=True):
            for words in (
                ["addr", "add", address, "dev", link],
                ["link", "set", link, "up"],
                ["link", "set", "lo", "up"],
            ):
                subprocess.run(["ip", "-n", name, *words], check=True)
        yield Host(prefix=("ip", "netns", "exec", names[0])), names[1], "10.77.0.2"
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], check=False)


def reaches(namespace: str, address: str) -> bool:
    """Does a connection attempt get an answer (a refusal is one) within a second?"""
    script = (
        "import socket,sys\ns=socket.socket(); s.settimeout(1)\n"
        f"try: s.connect(('{address}', 9))\nexcept ConnectionRefusedError: sys.exit(0)\nexcept OSError: sys.exit(1)"
    )
    return subprocess.run(["ip", "netns", "exec", namespace, sys.executable, "-c", script], check=False).returncode == 0


def rules(host: Host) -> str:
    return host.run(["nft", "list", "ruleset"]).stdout


def test_a_block_stops_traffic_expires_and_is_taken_back(network: tuple[Host, str, str]) -> None:
    host, other, address = network
    action, words = BlockAddress(host), (address, "5")
    assert reaches(other, "10.77.0.1")
    assert action.probe(words, "k") is Seen.ABSENT
    done = action.act(words, "k")
    assert done.ok, done.reason
    assert action.probe(words, "k") is Seen.DONE
    assert not reaches(other, "10.77.0.1")
    assert "timeout 5m" in rules(host)
    again = action.act((address, "9"), "k2")
    assert again.ok
    assert "timeout 9m" in rules(host)
    assert action.undo(words, again.before).ok
    assert action.probe(words, "k") is Seen.DONE
    assert action.undo(words, done.before).ok
    assert reaches(other, "10.77.0.1")
    assert action.undo(words, done.before).ok
    assert SlowAddress(host).act(words, "k3").ok
    assert SlowAddress(host).probe(words, "k3") is Seen.DONE


def test_an_isolated_host_keeps_its_own_channel(network: tuple[Host, str, str]) -> None:
    host, other, address = network
    action, before = IsolateHost(host), rules(host)
    assert action.act(("192.0.2.9",), "k").ok
    assert action.probe(("192.0.2.9",), "k") is Seen.DONE
    assert not reaches(other, "10.77.0.1")
    assert action.act((address,), "k2").ok
    assert reaches(other, "10.77.0.1")
    assert action.undo((address,), {}).ok
    assert rules(host) == before


def test_blocks_that_would_hit_too_much_are_refused() -> None:
    for bad in (("0.0.0.0/0",), ("x",), ("10.0.0.1", "0"), ("10.0.0.1", "99999999"), (), ("a", "b", "c")):
        with pytest.raises(AppError):
            BlockAddress().effects(bad)
    with pytest.raises(AppError):
        IsolateHost().effects(())


def test_notices_are_sent_once_per_order(tmp_path: Path) -> None:
    outbox = notices.Outbox(tmp_path)
    with lines(talk=True) as (server, mail):
        action = notices.NotifyMail(outbox, server, "y@example.cn")
        words = ("li@example.cn", "第一行\nsecond")
        assert action.act(words, "k1").ok
        assert action.probe(words, "k1") is Seen.DONE
    assert action.act(words, "k1").output["stdout"] == "sent before"
    assert any(line.startswith("RCPT TO:<li@example.cn>".lower()) or "li@example.cn" in line for line in mail)
    assert not action.act(words, "k2").ok
    with web() as (url, seen):
        assert notices.NotifyWebhook(outbox).act((url, "hello"), "k3").ok
    assert seen[0]["headers"]["Idempotency-Key"] == "k3"
    with web(500) as (url, _):
        assert not notices.NotifyWebhook(outbox).act((url, "hello"), "k4").ok
    with lines(talk=False) as (place, received):
        assert notices.NotifySyslog(outbox).act((place, "a\nb"), "k5").ok
    size, _, body = received[0].partition(" ")
    assert int(size) == len(body.encode())
    assert body.endswith(" - a b")
    told: list[tuple[str, str, str]] = []
    assert notices.NotifyHere(outbox, lambda *words: told.append(words)).act(("operator", "look"), "k6").ok
    assert told == [("operator", "look", "k6")]


class _Token:
    def get(self, name: str) -> str:
        return {"sms": "s3cret"}[name]


def test_text_messages_go_in_the_form_of_the_gateway(tmp_path: Path) -> None:
    body = '{"phone": "{number}", "content": "{text}", "ext": {"id": "{id}"}}'
    with web() as (url, seen):
        action = NotifySms(notices.Outbox(tmp_path), Gateway(url, body, "sms", '"answer"'), _Token())
        assert action.act(("+8613800000000", '告警 "甲"\n{id}'), "k1").ok
        assert action.act(("+8613800000000", "again"), "k1").output["stdout"] == "sent before"
    assert len(seen) == 1
    assert seen[0]["headers"]["Authorization"] == "Bearer s3cret"
    assert json.loads(seen[0]["body"]) == {"phone": "+8613800000000", "content": '告警 "甲" {id}', "ext": {"id": "k1"}}


def test_a_message_that_was_not_taken_is_not_marked(tmp_path: Path) -> None:
    outbox = notices.Outbox(tmp_path)
    with web() as (url, _):
        action = NotifySms(outbox, Gateway(url, taken='"code": *0'), _Token())
        assert not action.act(("13800000000", "x"), "k").ok
        assert action.probe(("13800000000", "x"), "k") is Seen.ABSENT
        with pytest.raises(AppError, match="sms_body"):
            NotifySms(outbox, Gateway(url, body="{text}"), _Token()).act(("13800000000", "x"), "k")
    with pytest.raises(AppError, match="sms_gateway"):
        NotifySms(outbox, Gateway(), _Token()).act(("13800000000", "x"), "k")
    with pytest.raises(AppError):
        NotifySms(outbox, Gateway(), _Token()).effects(("138; rm", "x"))


def test_unknown_actions_and_wrong_words_are_refused_with_the_right_ones(tmp_path: Path) -> None:
    known: list[Action] = [files.QuarantineFile(tmp_path)]
    actuator = Actions(known)
    with pytest.raises(AppError) as caught:
        actuator.act(Order("k", "r", "s", "yaodun-action", words=("format-disk",)))
    assert "quarantine-file" in str(caught.value)
    with pytest.raises(AppError) as caught:
        actuator.effects(Order("k", "r", "s", "yaodun-action", words=("quarantine-file",)))
    assert "/ABSOLUTE/PATH" in str(caught.value)
