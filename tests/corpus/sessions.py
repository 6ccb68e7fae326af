"""Records of log-in sessions and of the journal, labelled from what Linux-PAM and systemd publish."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.corpus.values import Values, Written, syslog


def pam(v: Values) -> Iterator[Written]:
    """What the modules of Linux-PAM log by ``pam_syslog``, from services that have no parser of their own."""
    user, number, ip = v.user(), v.number(0, 65_000), v.ip4()
    service, program = v.one(("xrdp-sesman", "xrdp-sesman"), ("cockpit", "cockpit-session"), ("lightdm", "lightdm"))
    unix = f"pam_unix({service}:session):"
    failed = (
        f"pam_unix({service}:auth): authentication failure; logname= uid=0 euid=0 tty=:0 ruser= rhost={ip}  user={user}"
    )
    said: list[tuple[str, dict[str, Any]]] = [
        (f"{unix} session opened for user {user}(uid={number}) by (uid=0)", {"event.outcome": "success"}),
        (f"{unix} session opened for user {user} by (uid=0)", {"event.outcome": "success"}),
        (f"{unix} session closed for user {user}", {}),
        (failed, {"event.outcome": "failure", "source.ip": ip}),
        (f"pam_unix({service}:chauthtok): password changed for {user}", {"event.outcome": "success"}),
        (f"pam_unix({service}:account): account {user} has expired (account expired)", {"event.outcome": "failure"}),
    ]
    for message, fields in said:
        yield syslog("pam", program, message, {"user.name": user, "message": message, **fields}, v)


def journal(v: Values) -> Iterator[Written]:
    """``journalctl -o json``: every value a string; one that is not UTF-8 is a list of its bytes."""
    moment, host, pid, priority = v.moment(), v.host(), v.number(2, 4_000_000), v.number(0, 7)
    message = f"job {v.number()} is done"
    entry: dict[str, Any] = {
        "__CURSOR": f"s={v.number()};i={v.number()}",
        "__REALTIME_TIMESTAMP": str(int(moment.timestamp()) * 1_000_000),
        "__MONOTONIC_TIMESTAMP": str(v.number()),
        "_BOOT_ID": f"{v.number():032x}",
        "_HOSTNAME": host,
        "_PID": str(pid),
        "_UID": "1000",
        "_COMM": "jobber",
        "_EXE": "/usr/local/bin/jobber",
        "_TRANSPORT": "stdout",
        "PRIORITY": str(priority),
        "SYSLOG_IDENTIFIER": "jobber",
        "MESSAGE": message,
    }
    fields = {
        "@timestamp": moment, "host.name": host, "process.pid": pid, "process.executable": "/usr/local/bin/jobber",
        "log.syslog.severity.code": priority, "message": message,
    }  # fmt: skip
    yield Written("journal", json.dumps(entry), fields, kind="ndjson")
    listed = {**entry, "MESSAGE": list(message.encode())}
    yield Written("journal", json.dumps(listed), fields, kind="ndjson")


SESSION_WRITERS = (pam, journal)
