"""Accounts and services of this host."""

from __future__ import annotations

import pwd
import re
import shutil
import time
from pathlib import Path

import psutil

from playbooks.actions.action import DONE, Action, Before, Words, usage
from playbooks.actions.commands import Host
from playbooks.engine.orders import Outcome, Seen
from playbooks.model.guard import Effect

_ACCOUNT = re.compile(r"[a-z_][a-z0-9_-]{0,31}\$?")
_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9@._-]{0,100}")
_NEVER = frozenset({"root"})


class LockAccount:
    """``lock-account NAME``: no password opens it, it is expired (keys do not open it either), its sessions end."""

    name = "lock-account"
    usage = "lock-account NAME (not root, not our own)"

    def __init__(self, host: Host | None = None, shadow: Path = Path("/etc/shadow")) -> None:
        self._host = host or Host()
        self._shadow = shadow

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The account and its sessions."""
        name = self._read(words)
        return (Effect("lock-account", name, reversible=True), Effect("end-sessions", name, reversible=False))

    def act(self, words: Words, key: str) -> Outcome:
        """Lock first, then end what is open."""
        name = self._read(words)
        before = {"locked": self._locked(name), "expires": self._expiry(name)}
        done = self._host.run(["usermod", "--lock", "--expiredate", "1", name])
        if not done.ok:
            return done.outcome()
        ended = self._end_sessions(name)
        return Outcome(ok=True, output={"stdout": f"{ended} processes ended"}, before=before)

    def probe(self, words: Words, key: str) -> Seen:
        """Is it locked and expired, and nothing of it lives?"""
        name = self._read(words)
        return Seen.DONE if self._locked(name) and self._expiry(name) == "1" and not _processes(name) else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """Open it again as it was; sessions do not come back."""
        name = self._read(words)
        expires = before.get("expires", "")
        again = [] if before.get("locked") else ["--unlock"]
        return self._host.run(["usermod", *again, "--expiredate", _day(expires), name]).outcome()

    def _read(self, words: Words) -> str:
        if len(words) != 1 or not _ACCOUNT.fullmatch(words[0]) or words[0] in _NEVER or words[0] == _own():
            raise usage(self, " ".join(words))
        return words[0]

    def _line(self, name: str) -> list[str]:
        lines = self._shadow.read_text().splitlines()
        return next((line.split(":") for line in lines if line.startswith(f"{name}:")), [name, "", *[""] * 7])

    def _locked(self, name: str) -> bool:
        return self._line(name)[1].startswith("!")

    def _expiry(self, name: str) -> str:
        return self._line(name)[7]

    def _end_sessions(self, name: str) -> int:
        found = _processes(name)
        for each in found:
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(found, timeout=3)
        return len(found)


def _day(expires: str) -> str:
    """Days since 1970 as usermod takes them; empty is never."""
    return time.strftime("%Y-%m-%d", time.gmtime(int(expires) * 86_400)) if expires else ""


def _own() -> str:
    return psutil.Process().username()


def _processes(name: str) -> list[psutil.Process]:
    try:
        number = pwd.getpwnam(name).pw_uid
    except KeyError:
        return []
    found = []
    for each in psutil.process_iter(["uids", "status"]):
        uids = each.info["uids"]
        if uids and number in (uids.real, uids.effective) and each.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(each)
    return found


class RestartService:
    """``restart-service NAME``: by systemd where it runs the host, else by ``service``."""

    name = "restart-service"
    usage = "restart-service NAME"

    def __init__(self, host: Host | None = None, folder: Path = Path("/run/yaodun")) -> None:
        self._host = host or Host()
        self._folder = folder

    def effects(self, words: Words) -> tuple[Effect, ...]:
        """The service."""
        return (Effect("restart-service", self._read(words), reversible=False),)

    def act(self, words: Words, key: str) -> Outcome:
        """Restart; that it was done is marked, so that a crash does not do it again."""
        name = self._read(words)
        done = self._host.run(self._words("restart", name), timeout_s=90)
        if done.ok:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._mark(key).touch()
        return done.outcome()

    def probe(self, words: Words, key: str) -> Seen:
        """Marked as done: done. Else nobody can tell a restarted service from one that was never touched; to restart it
        once more does no harm."""
        return Seen.DONE if self._mark(key).exists() else Seen.ABSENT

    def undo(self, words: Words, before: Before) -> Outcome:
        """Nothing to take back: it runs as it did."""
        return DONE

    def _mark(self, key: str) -> Path:
        return self._folder / f"restart-{key.replace(':', '-')}"

    def _words(self, verb: str, name: str) -> list[str]:
        if Path("/run/systemd/system").is_dir() and shutil.which("systemctl"):
            return ["systemctl", verb, f"{name}"]
        return ["service", name, verb]

    def _read(self, words: Words) -> str:
        if len(words) != 1 or not _SERVICE.fullmatch(words[0]):
            raise usage(self, " ".join(words))
        return words[0]


def all_of(host: Host, folder: Path) -> list[Action]:
    """The actions of this file."""
    return [LockAccount(host), RestartService(host, folder)]
