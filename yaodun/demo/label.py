"""Labels: every event of the demonstration says that it is simulated, and to which stage of the story it belongs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from infra.clock import rfc3339
from yaodun.demo.hosts import addresses

Document = dict[str, Any]


def labelled(host: str, at: datetime, stage: str, scenario: str, fields: Document) -> Document:
    """A flat ECS document of a host of the site."""
    return {
        "@timestamp": rfc3339(at), "ecs.version": "9.4.0", "event.kind": "event", "host.name": host,
        "host.ip": [addresses()[host]], "host.os.type": "linux", "yaodun.simulated": True, "tags": ["simulated"],
        "labels": {"scenario": scenario, "stage": stage}, **fields,
    }  # fmt: skip


def process(executable: str, command: str, parent: str = "/usr/bin/bash", user: str = "root") -> Document:
    """A process that began."""
    return {
        "event.category": ["process"], "event.type": ["start"], "process.executable": executable,
        "process.name": executable.rpartition("/")[2], "process.command_line": command,
        "process.parent.executable": parent, "user.name": user,
    }  # fmt: skip


def request(source: str, path: str, status: int, agent: str = "Mozilla/5.0", method: str = "GET") -> Document:
    """A request to a web server."""
    return {
        "event.category": ["web"], "event.type": ["access"], "source.ip": source, "http.request.method": method,
        "url.original": path, "http.response.status_code": status, "user_agent.original": agent,
    }  # fmt: skip


def syslog(program: str, message: str, **more: Any) -> Document:
    """A line of a program's log."""
    return {
        "event.category": ["authentication"] if program == "sshd" else ["host"], "log.syslog.appname": program,
        "log.syslog.priority": 86, "message": message, **more,
    }  # fmt: skip


def flow(source: str, target: str, port: int, volume: int, action: str = "allowed") -> Document:
    """A connection as the firewall saw it."""
    return {
        "event.category": ["network"], "event.type": ["connection", action], "event.action": action,
        "source.ip": source, "destination.ip": target, "destination.port": port, "network.transport": "tcp",
        "network.bytes": volume,
    }  # fmt: skip
