"""Audit records against ``ausearch -i``, the audit project's own reader."""

from __future__ import annotations

import random
import re
import shutil
import socket
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.files import file_frames
from collectors.frames import FrameKind
from collectors.parsers import Parsed, ShippedParsers
from collectors.parsers.auditd import split_audit
from infra.events.frame import Frame

AUSEARCH = shutil.which("ausearch", path="/usr/sbin:/sbin:/usr/bin")
NAMES = ("dd", "my prog", "药盾", "a=b", "it's", "tab\there", "plain-name_1.sh", 'quo"te')
CALLS = {59: "execve", 42: "connect", 257: "openat", 87: "unlink", 90: "chmod", 49: "bind"}


def encoded(text: str) -> str:
    """As the kernel writes untrusted text: quoted, or hex where it holds blanks, quotes or control characters."""
    raw = text.encode()
    if any(byte <= 0x20 or byte >= 0x7F or byte == 0x22 for byte in raw):
        return raw.hex().upper()
    return f'"{text}"'


def address(chance: random.Random) -> tuple[str, dict[str, str]]:
    port = chance.randrange(1, 65_536)
    if chance.random() < 0.5:
        ip = ".".join(str(chance.randrange(1, 255)) for _ in range(4))
        raw = struct.pack("<H", socket.AF_INET) + struct.pack(">H", port) + socket.inet_aton(ip) + b"\0" * 8
    else:
        ip = f"2001:db8::{chance.randrange(1, 65_535):x}"
        raw = struct.pack("<H", socket.AF_INET6) + struct.pack(">H", port) + b"\0" * 4
        raw += socket.inet_pton(socket.AF_INET6, ip) + b"\0" * 4
    return raw.hex().upper(), {"ip": ip, "port": str(port)}


def event(serial: int, chance: random.Random) -> tuple[list[str], dict[str, Any]]:
    """The lines of one event and what was written into it."""
    number = chance.choice(list(CALLS))
    comm, folder, file = chance.choice(NAMES), chance.choice(["/root", "/tmp/a b"]), chance.choice(NAMES)
    stamp = f"audit({1_604_996_384 + serial}.{chance.randrange(1000):03d}:{serial})"
    head = f"arch=c000003e syscall={number} success=yes exit=0 a0=7f a1=8 a2=9 a3=0 items=1 ppid=7 pid={serial}"
    ids = "auid=1000 uid=0 gid=0 euid=0 suid=0 fsuid=0 egid=0 sgid=0 fsgid=0 tty=pts0 ses=3"
    lines = [f'type=SYSCALL msg={stamp}: {head} {ids} comm={encoded(comm)} exe={encoded("/usr/bin/" + comm)} key="k1"']
    said: dict[str, Any] = {"call": CALLS[number], "comm": comm, "exe": "/usr/bin/" + comm, "serial": serial}
    if number == 59:
        arguments = [chance.choice(NAMES) for _ in range(chance.randrange(1, 5))]
        shown = " ".join(f"a{n}={encoded(text)}" for n, text in enumerate(arguments))
        lines.append(f"type=EXECVE msg={stamp}: argc={len(arguments)} {shown}")
        said["arguments"] = arguments
    if number in (42, 49):
        raw, said["address"] = address(chance)
        lines.append(f"type=SOCKADDR msg={stamp}: saddr={raw}")
    lines.append(f"type=CWD msg={stamp}: cwd={encoded(folder)}")
    stats = "inode=20 dev=08:01 mode=0100755 ouid=0 ogid=0 rdev=00:00 nametype=NORMAL"
    lines.append(f"type=PATH msg={stamp}: item=0 name={encoded(file)} {stats}")
    title = "\0".join(said.get("arguments", [comm]))
    lines.append(f"type=PROCTITLE msg={stamp}: proctitle={title.encode().hex().upper()}")
    return lines, {**said, "cwd": folder, "name": file, "title": title.replace("\0", " ")}


def parse(lines: list[str]) -> list[Parsed]:
    frame = Frame("t", FrameKind.LINES, len(lines), 1_795_565_000_000_000_000, "\n".join(lines).encode())
    answer = ShippedParsers().parse(frame)
    assert sum(each.records for each in answer) == len(lines)
    assert all(isinstance(each, Parsed) for each in answer)
    return [each for each in answer if isinstance(each, Parsed)]


def made(count: int = 300, seed: int = 3) -> tuple[list[str], list[dict[str, Any]]]:
    chance = random.Random(seed)
    lines: list[str] = []
    said = []
    for serial in range(1, count + 1):
        own, values = event(serial, chance)
        lines += own
        said.append(values)
    return lines, said


def test_records_of_one_event_are_one_document_with_everything_that_was_written() -> None:
    lines, said = made()
    documents = [each.document for each in parse(lines)]
    assert len(documents) == len(said)
    for document, values in zip(documents, said, strict=True):
        assert document["auditd.sequence"] == values["serial"]
        assert document["auditd.data"]["SYSCALL"] == values["call"]
        assert document["process.executable"] == values["exe"]
        assert document["process.working_directory"] == values["cwd"]
        assert document["file.path"] == f"{values['cwd']}/{values['name']}"
        if "arguments" in values:
            assert document["process.args"] == values["arguments"]
            assert document["process.command_line"] == " ".join(values["arguments"])
            assert document["event.category"] == ["process"]
        if "address" in values:
            assert document["destination.ip"] == values["address"]["ip"]
            assert document["destination.port"] == int(values["address"]["port"])


def test_ausearch_reads_the_same(tmp_path: Path) -> None:
    if AUSEARCH is None:
        pytest.skip("ausearch is not here: apt-get install auditd")
    lines, _ = made()
    log = tmp_path / "audit.log"
    log.write_text("\n".join(lines) + "\n")
    shown = subprocess.run(
        [AUSEARCH, "-if", str(log), "-i"],
        capture_output=True,
        text=True,
        check=True,
        env={"TZ": "UTC", "LC_ALL": "C.UTF-8"},
    ).stdout
    oracle: dict[tuple[int, str], str] = {}
    for line in shown.splitlines():
        if found := re.match(r"type=(\w+) msg=audit\([^)]*:(\d+)\) : ", line):
            oracle[int(found[2]), found[1]] = " " + line[found.end() :]
    asked = right = 0
    wrong = []
    for each in parse(lines):
        data, serial = each.document["auditd.data"], each.document["auditd.sequence"]
        for kind, names in {
            "SYSCALL": ("comm", "exe", "key"),
            "EXECVE": ("a0", "a1", "a2", "a3"),
            "CWD": ("cwd",),
            "PATH": ("name",),
            "PROCTITLE": ("proctitle",),
        }.items():
            for name in names:
                if kind not in each.document["auditd.message_type"] or name not in data:
                    continue
                if kind == "EXECVE" and int(name[1:]) >= int(data["argc"]):
                    continue
                asked += 1
                shown_value = re.sub(r"[\0-\x1f]", lambda control: f"\\{ord(control[0]):03o}", data[name])
                same = f" {name}={shown_value}" in oracle[serial, kind]
                right += same
                if not same:
                    wrong.append((name, data[name], oracle[serial, kind]))
        assert f" syscall={data['SYSCALL']} " in oracle[serial, "SYSCALL"]
        asked, right = asked + 1, right + 1
        if "destination.ip" in each.document:
            asked += 1
            right += each.document["destination.ip"] in oracle[serial, "SOCKADDR"]
    assert asked > 1_000
    assert right / asked >= 0.99, wrong[:5]


def test_user_space_records() -> None:
    line = (
        "type=USER_AUTH msg=audit(1604996384.965:7): pid=4711 uid=0 auid=4294967295 ses=4294967295 "
        'msg=\'op=PAM:authentication grantors=? acct="wang wei" exe="/usr/sbin/sshd" hostname=192.0.2.9 addr=192.0.2.9'
        " terminal=ssh res=failed'"
    )
    (each,) = parse([line])
    document = each.document
    assert document["user.name"] == "wang wei"
    assert document["source.ip"] == "192.0.2.9"
    assert document["event.outcome"] == "failure"
    assert document["event.category"] == ["authentication"]
    assert document["process.executable"] == "/usr/sbin/sshd"
    assert "auditd.session" not in document


def test_interleaved_events_are_told_apart() -> None:
    lines, said = made(20)
    by_serial = sorted(lines, key=lambda line: line.partition("msg=")[0])
    documents = [each.document for each in parse(by_serial)]
    assert sorted(d["auditd.sequence"] for d in documents) == [values["serial"] for values in said]


def test_a_real_recording() -> None:
    archive = Path(__file__).parents[4] / "shared/data/security-datasets/atomic/linux/defense_evasion/host"
    if not archive.is_dir():
        pytest.skip("Security-Datasets is not beside the repository (shared/data/security-datasets)")
    (frame,) = file_frames(archive / "sh_binary_padding_dd.zip", received_ns=1_795_565_000_000_000_000)
    documents = [each.document for each in ShippedParsers().parse(frame) if isinstance(each, Parsed)]
    executed = [d for d in documents if d.get("process.command_line", "").startswith("dd if=/dev/zero")]
    assert executed[0]["process.args"] == ["dd", "if=/dev/zero", "bs=1", "count=1"]
    assert executed[0]["process.working_directory"] == "/home/wardog"
    assert executed[0]["auditd.message_type"][0] == "SYSCALL"


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    split_audit("type=SYSCALL msg=audit(1.002:3): " + text)
    split_audit(text)
