"""The platform as one: it starts, sees this host, takes syslog, finds a threat, scores itself, stops clean."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import ssl
import time
from pathlib import Path

import httpx
import pytest

from tests.running import RunningSite, free_port, wait_for

pytestmark = pytest.mark.integration


def stamp() -> str:
    """Now, as RFC 3164 writes it (UTC)."""
    return time.strftime("%b %d %H:%M:%S", time.gmtime())


def test_every_service_runs_and_says_so(site: RunningSite) -> None:
    def all_running() -> bool:
        rows = site.status()["services"]
        return {row["state"] for row in rows} == {"running"} and {row["name"] for row in rows} >= {
            "supervisor", "agent", "ingest", "keeper", "analysis", "runner", "web",
        }  # fmt: skip

    wait_for("all services running", all_running)
    kinds = {row["kind"] for row in site.status()["listeners"]}
    assert {"http", "syslog-udp", "syslog-tcp"} <= kinds


def test_this_host_is_seen_within_a_minute(site: RunningSite) -> None:
    def metrics() -> bool:
        return bool(site.rows("search", "host.name:*", "--stream", "metrics", "--limit", "1"))

    wait_for("a metric of this host", metrics, 60)
    found = wait_for(
        "a process of this host", lambda: site.rows("search", "yaodun.inventory.kind:process", "--limit", "5"), 60
    )
    assert all(event["process.pid"] > 0 for event in found)


def test_a_syslog_message_is_found_word_by_word_and_counted(site: RunningSite) -> None:
    word = f"zauberwort{time.time_ns()}"
    line = f"<13>{stamp()} web01 app[7]: {word} 药品追溯 ok".encode()
    with socket.create_connection(("127.0.0.1", site.syslog_port)) as connection:
        connection.sendall(str(len(line)).encode() + b" " + line)
    query = f"{word} AND yaodun.source:syslog*"
    (event,) = wait_for("the message in the store", lambda: site.rows("search", query))
    assert event["message"].endswith("药品追溯 ok")
    assert site.rows("search", f"{query} AND 追溯")
    for row in site.status()["sources"]:
        assert row["received"] == row["stored"] + row["quarantined"] + row["refused"], row


def test_failed_logins_become_one_explained_alert(site: RunningSite) -> None:
    lines = [
        f"<38>{stamp()} gate sshd[900]: Failed password for root from 203.0.113.77 port 4{second:03d} ssh2"
        for second in range(40)
    ]
    with socket.create_connection(("127.0.0.1", site.syslog_port)) as connection:
        connection.sendall("".join(f"{line}\n" for line in lines).encode())

    def found() -> list[dict[str, object]]:
        return [row for row in site.rows("alerts") if "203.0.113.77" in json.dumps(row)]

    alert = wait_for("an alert about the address", found)[0]
    assert alert["why"]
    assert alert["event_ids"]
    assert alert["state"] == "new"


def test_posture_adds_up_and_says_what_is_not_measured(site: RunningSite) -> None:
    posture = wait_for("a posture", lambda: json.loads(site.command("posture", "--format", "ndjson").stdout or "null"))
    infrastructure = posture["dimensions"]["infrastructure"]
    total = sum(loss["points"] for loss in infrastructure["losses"])
    if infrastructure["score"] is not None:
        assert infrastructure["score"] == pytest.approx(100 - total, abs=1e-9)
    assert posture["dimensions"]["business"]["score"] is None
    assert posture["dimensions"]["business"]["missing"]


def test_a_second_instance_on_the_same_folder_is_refused_in_one_line(site: RunningSite) -> None:
    done = site.command("up")
    assert done.returncode == 1
    assert "already" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_named_with_the_flag_to_change(site: RunningSite, tmp_path: Path) -> None:
    other = RunningSite(tmp_path / "other", web_port=site.web_port)
    done = other.command("up")
    assert done.returncode == 1
    assert str(site.web_port) in done.stderr
    assert "--listen" in done.stderr


def test_a_crashed_service_comes_back(site: RunningSite) -> None:
    before = site.pid_of("runner")
    os.kill(before, signal.SIGKILL)
    wait_for("another runner", lambda: _other(site, before), 20)


def _other(site: RunningSite, before: int) -> bool:
    try:
        return site.pid_of("runner") != before
    except AssertionError:
        return False


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


@pytest.mark.faults
def test_nothing_survives_a_killed_supervisor(tmp_path: Path) -> None:
    running = RunningSite(tmp_path / "home")
    running.start()
    pids = [running.pid_of(name) for name in ("agent", "ingest", "keeper", "analysis", "runner", "web")]
    running.stop(signal.SIGKILL)
    wait_for("no orphan", lambda: not any(alive(pid) for pid in pids), 20)


def test_another_address_is_served_over_https_with_its_fingerprint_told_until_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    address = f"127.0.0.1:{port}"
    extra = {"YAODUN_WEB__LISTEN": f"0.0.0.0:{port}", "YAODUN_WEB__NAMES": '["yaodun.example"]'}
    running = RunningSite(tmp_path / "home", extra=extra)
    running.start()
    try:
        assert f"https://127.0.0.1:{port}" in running.said()
        fingerprint = running.said().split("fingerprint of the site certificate: ")[1].split()[0]
        pem = ssl.get_server_certificate(("127.0.0.1", port))
        digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
        assert fingerprint.replace(":", "") == digest
        with httpx.Client(verify=False) as client:
            headers = client.get(f"https://{address}/healthz").headers
            assert "strict-transport-security" in headers
            stranger = client.get(f"https://{address}/healthz", headers={"Host": "attacker.example"})
            assert stranger.status_code == 400
            assert client.get(f"https://{address}/healthz", headers={"Host": "yaodun.example"}).status_code == 200
        pids = [running.pid_of(name) for name in ("agent", "ingest", "web")]
    finally:
        code = running.stop(signal.SIGINT)
    assert code == 0
    assert not any(alive(pid) for pid in pids)
    assert "Traceback" not in running.said()
