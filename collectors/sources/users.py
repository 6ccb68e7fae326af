"""Users and groups of this host, from the local account files; sessions belong to the logs."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterable
from dataclasses import dataclass

from infra.events.stream import Event

_NO_LOGIN = ("nologin", "false", "sync", "halt", "shutdown")


@dataclass(frozen=True, slots=True)
class User:
    """One account."""

    name: str
    id: int
    group: int
    folder: str
    shell: str
    groups: tuple[str, ...]

    @property
    def may_log_in(self) -> bool:
        """Whether its shell is one."""
        return bool(self.shell) and not self.shell.endswith(_NO_LOGIN)


def read_users() -> dict[str, User]:
    """The accounts by name."""
    members: dict[str, list[str]] = {}
    for group in grp.getgrall():
        for name in group.gr_mem:
            members.setdefault(name, []).append(group.gr_name)
    return {
        found.pw_name: User(
            found.pw_name,
            found.pw_uid,
            found.pw_gid,
            found.pw_dir,
            found.pw_shell,
            tuple(sorted(members.get(found.pw_name, ()))),
        )
        for found in pwd.getpwall()
    }


class UserTable:
    """Accounts known so far."""

    def __init__(self) -> None:
        self._known: dict[str, User] = {}
        self._stamp: tuple[int, ...] = ()

    def refresh(self) -> None:
        """Takes what is there as known."""
        self._stamp = _stamp()
        self._known = read_users()

    def changes(self) -> list[Event]:
        """Events for accounts that came, went or changed."""
        stamp = _stamp()
        if stamp == self._stamp:
            return []
        before = self._known
        self.refresh()
        events = [_event(self._known[name], "added") for name in self._known.keys() - before.keys()]
        events += [_event(before[name], "removed") for name in before.keys() - self._known.keys()]
        events += [
            _event(self._known[name], "changed")
            for name in self._known.keys() & before.keys()
            if self._known[name] != before[name]
        ]
        return events

    def items(self) -> Iterable[tuple[str, str, Event]]:
        """Kind, key and fields of everything known."""
        for user in self._known.values():
            yield "user", user.name, {**_fields(user), "user.name": user.name, "user.id": str(user.id)}


def _stamp() -> tuple[int, ...]:
    stamps = []
    for path in ("/etc/passwd", "/etc/group"):
        try:
            found = os.stat(path)  # noqa: PTH116 - called every second
        except OSError:
            continue
        stamps += [found.st_ino, found.st_mtime_ns, found.st_size]
    return tuple(stamps)


def _fields(user: User) -> Event:
    return {"user.roles": list(user.groups), "yaodun.inventory.item": {"shell": user.shell, "home": user.folder}}


def _event(user: User, change: str) -> Event:
    kind = {"added": "creation", "removed": "deletion", "changed": "change"}[change]
    groups = f" in groups {', '.join(user.groups)}" if user.groups else ""
    return {
        "event.category": ["iam"],
        "event.type": ["user", kind],
        "event.action": f"user-{change}",
        "yaodun.inventory.key": user.name,
        "user.target.name": user.name,
        "user.target.id": str(user.id),
        **_fields(user),
        "message": f"account {user.name} ({user.id}) {change}{groups}",
    }
