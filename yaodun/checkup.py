"""The check-up behind ``yaodun doctor``: one function per check, each with a state and what to do."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path

import msgspec

from infra.errors import AppError
from infra.home import Home
from infra.text import say
from yaodun.preflight import refuse_foreign_packages, require_free
from yaodun.settings import Settings, read_settings
from yaodun.taxii_polls import read_authorization

LEAST_FREE_GIB = 2.0


class CheckState(StrEnum):
    """How a check went."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Check(msgspec.Struct, frozen=True):
    """One check: its name, how it went, what was found, and what to do about it."""

    name: str
    state: CheckState
    found: str
    remedy: str = ""


def check_python() -> Check:
    """Python is new enough."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    fine = sys.version_info >= (3, 11)
    return Check(
        "python", CheckState.OK if fine else CheckState.FAILED, found, "" if fine else say("yaodun.check.python")
    )


def check_packages() -> Check:
    """Our package names are ours in this environment."""
    try:
        refuse_foreign_packages()
    except AppError as error:
        return Check("packages", CheckState.FAILED, str(error.detail), str(error))
    return Check("packages", CheckState.OK, "yaodun")


def check_home(home: Home) -> Check:
    """The data folder can be written and is private."""
    root = home.root
    if not root.exists():
        parent = next(path for path in root.parents if path.exists())
        fine = os.access(parent, os.W_OK)
        state = CheckState.OK if fine else CheckState.FAILED
        return Check("home", state, str(root), "" if fine else say("yaodun.check.home", place=str(parent)))
    if not os.access(root, os.W_OK):
        return Check("home", CheckState.FAILED, str(root), say("yaodun.check.home", place=str(root)))
    if root.stat().st_mode & 0o077:
        return Check("home", CheckState.WARNING, str(root), say("yaodun.check.home_open", place=str(root)))
    return Check("home", CheckState.OK, str(root))


def check_disk(home: Home) -> Check:
    """There is room for events."""
    place = next(path for path in (home.root, *home.root.parents) if path.exists())
    free = shutil.disk_usage(place).free / 2**30
    fine = free >= LEAST_FREE_GIB
    remedy = "" if fine else say("yaodun.check.disk", gib=LEAST_FREE_GIB)
    return Check("disk", CheckState.OK if fine else CheckState.FAILED, f"{free:.1f} GiB", remedy)


def check_sm3() -> Check:
    """The system's libcrypto knows the national digest."""
    fine = "sm3" in hashlib.algorithms_available
    found = "SM3" if fine else "-"
    return Check("sm3", CheckState.OK if fine else CheckState.WARNING, found, "" if fine else say("yaodun.check.sm3"))


def check_sqlite() -> Check:
    """SQLite is new enough for what records use."""
    fine = sqlite3.sqlite_version_info >= (3, 35)
    remedy = "" if fine else say("yaodun.check.sqlite")
    return Check("sqlite", CheckState.OK if fine else CheckState.FAILED, sqlite3.sqlite_version, remedy)


def check_mixture(settings: Settings) -> Check:
    """Records in a database of several machines need events there too: embedded stores mean one machine."""
    several = bool(settings.records.url), bool(settings.store.opensearch)
    if several == (True, False):
        return Check("mixture", CheckState.FAILED, "records=postgresql store=embedded", say("yaodun.check.mixture"))
    return Check("mixture", CheckState.OK, f"records={'postgresql' if several[0] else 'sqlite'}")


def check_ports(home: Home, settings: Settings) -> Iterator[Check]:
    """The ports are free, unless the platform itself is running."""
    from yaodun.overview import running

    if running(home):
        return
    for place, address, datagram in (
        ("web.listen", settings.web.listen, False),
        ("ingest.http_listen", settings.ingest.http_listen, False),
        ("ingest.syslog_tcp_listen", settings.ingest.syslog_tcp_listen, False),
        ("ingest.syslog_udp_listen", settings.ingest.syslog_udp_listen, True),
        ("ingest.flows_listen", settings.ingest.flows_listen, True),
    ):
        if address:
            yield _port(place, address, datagram=datagram)


def _port(place: str, address: str, *, datagram: bool) -> Check:
    try:
        require_free(address, place, f"YAODUN_{place.upper().replace('.', '__')}=HOST:PORT", datagram=datagram)
    except AppError as error:
        return Check(place, CheckState.FAILED, address, str(error))
    return Check(place, CheckState.OK, address)


def check_authorization(settings: Settings) -> Iterator[Check]:
    """The file with the authorization for TAXII, where one is named, can be read."""
    path = settings.intelligence.taxii_authorization
    if not path:
        return
    try:
        read_authorization(path)
    except AppError as error:
        yield Check("intelligence.taxii_authorization", CheckState.FAILED, path, str(error))
    else:
        yield Check("intelligence.taxii_authorization", CheckState.OK, path)


def check_host_sources() -> Iterator[Check]:
    """What of this host can be read; nothing here is needed, all of it is useful."""
    for name, path in (("journal", Path("/run/systemd/system")), ("auditd", Path("/var/log/audit/audit.log"))):
        fine = path.exists()
        remedy = "" if fine else say(f"yaodun.check.{name}")
        yield Check(f"source.{name}", CheckState.OK if fine else CheckState.WARNING, str(path) if fine else "-", remedy)


def check_all(home: Home) -> Iterator[Check]:
    """Every check in order."""
    simple: tuple[Callable[[], Check], ...] = (check_python, check_packages, check_sqlite, check_sm3)
    yield from (check() for check in simple)
    yield check_home(home)
    yield check_disk(home)
    try:
        settings = read_settings(home.settings)
    except AppError as error:
        yield Check("settings", CheckState.FAILED, str(home.settings), str(error))
        return
    yield Check("settings", CheckState.OK, str(home.settings) if home.settings.exists() else "-")
    yield check_mixture(settings)
    yield from check_authorization(settings)
    yield from check_ports(home, settings)
    yield from check_host_sources()
