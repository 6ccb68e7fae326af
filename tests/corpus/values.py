"""Values to write records from, drawn from one seeded source."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any


@dataclass(frozen=True, slots=True)
class Written:
    """One record: the parser that should read it, the bytes, how it comes, and the fields that were written into it."""

    parser: str
    text: str
    fields: dict[str, Any]
    kind: str = "lines"
    meta: dict[str, str] = field(default_factory=dict)


class Values:
    """Draws names, addresses, numbers and times."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def user(self) -> str:
        return self.random.choice(
            ["root", "admin", "oracle", "wang.wei", "svc-backup", "deploy_1", "张三", "test", "www-data"]
        )

    def host(self) -> str:
        return self.random.choice(["web1", "db-2.example.gov.cn", "fw-core", "ec2-10-1-2-3", "gateway"])

    def ip(self) -> str:
        if self.random.random() < 0.2:
            return f"2001:db8::{self.random.randrange(1, 65_535):x}"
        return self.ip4()

    def ip4(self) -> str:
        return ".".join(str(self.random.randrange(1, 255)) for _ in range(4))

    def port(self) -> int:
        return self.random.randrange(1, 65_536)

    def number(self, low: int = 1, high: int = 100_000) -> int:
        return self.random.randrange(low, high)

    def mac(self) -> str:
        return ":".join(f"{self.random.randrange(256):02x}" for _ in range(6))

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def domain(self) -> str:
        return self.random.choice(["www.example.com", "a-b.c.example.cn", "update.vendor.test", "xn--fiqs8s.example"])

    def path(self) -> str:
        return self.random.choice(["/etc/passwd", "/var/www/html/index.php", "/home/wang/报告.docx", "/tmp/.x/a b.sh"])

    def url_path(self) -> str:
        return self.random.choice(["/", "/index.html", "/api/v1/users", "/a/b.php", "/%E8%8D%AF/list.aspx"])

    def query(self) -> str:
        return self.random.choice(["", "id=1", "q=a+b&x=%27or%271%27=%271", "file=../../etc/passwd"])

    def command(self) -> str:
        return self.random.choice(
            ["/bin/ls -la /root", "/usr/bin/vi /etc/hosts", "cd /tmp && ./run.sh", "run-parts /etc/cron.daily"]
        )

    def moment(self) -> datetime:
        """A whole second within the last half year."""
        start = datetime(2026, 6, 1, tzinfo=UTC)
        return start + timedelta(seconds=self.random.randrange(150 * 86_400))


Writer = Callable[[Values], Iterator[Written]]
"""Gives one record of each message of a format, with new values at every call."""


def syslog(parser: str, program: str, message: str, fields: dict[str, Any], values: Values) -> Written:
    """``message`` behind a header of RFC 3164 with a year-less date."""
    moment = values.moment()
    host, pid = values.host(), values.number(2, 4_000_000)
    text = f"<38>{moment:%b} {moment.day:2d} {moment:%H:%M:%S} {host} {program}[{pid}]: {message}"
    header = {"@timestamp": moment, "host.name": host, "process.pid": pid, "log.syslog.appname": program}
    return Written(f"syslog/{parser}", text, {**header, "log.syslog.priority": 38, **fields}, "syslog")
