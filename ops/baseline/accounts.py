"""Accounts: passwd, shadow, group, gshadow and the last-login table. Password hashes never leave this file."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ops.baseline.outcome import NotObtainedError, Proof, proof
from ops.baseline.tree import HostTree

NO_LOGIN = ("nologin", "false", "sync", "shutdown", "halt")
_LASTLOG = struct.Struct("=i32s256s")
LARGEST_LASTLOG = 64 << 20


@dataclass(frozen=True, slots=True)
class Account:
    """One line of passwd."""

    name: str
    uid: int
    gid: int
    home: str
    shell: str
    line: int

    @property
    def can_log_in(self) -> bool:
        """Whether the shell lets a person in; an empty shell means /bin/sh."""
        return self.shell.rpartition("/")[2] not in NO_LOGIN

    @property
    def proof(self) -> Proof:
        """The account as evidence."""
        return proof("/etc/passwd", f"{self.name}:{self.uid}:{self.gid}:{self.shell}", self.line)


@dataclass(frozen=True, slots=True)
class Secret:
    """One line of shadow without the hash itself: its kind, and the ages in days."""

    name: str
    kind: str
    changed: int | None
    least: int | None
    most: int | None
    warn: int | None
    inactive: int | None
    expires: int | None
    line: int

    @property
    def has_password(self) -> bool:
        """Whether a password opens the account."""
        return self.kind not in ("locked", "empty")

    @property
    def proof(self) -> Proof:
        """The ages as evidence, the hash replaced by its kind."""
        ages = ":".join("" if age is None else str(age) for age in (self.changed, self.least, self.most, self.warn))
        return proof("/etc/shadow", f"{self.name}:<{self.kind}>:{ages}", self.line)


_KINDS = {"1": "md5", "2a": "bcrypt", "2b": "bcrypt", "2y": "bcrypt", "5": "sha256", "6": "sha512", "y": "yescrypt",
          "gy": "gost-yescrypt", "7": "scrypt", "sm3": "sm3", "sha1": "sha1", "3": "nt", "md5": "sun-md5"}  # fmt: skip
WEAK_KINDS = frozenset({"md5", "sha1", "nt", "sun-md5", "des", "plain", "unknown"})


def hash_kind(field: str) -> str:
    """``empty``, ``locked``, or the hash family of a shadow field."""
    if not field:
        return "empty"
    if field[0] in "!*":
        return "locked"
    if field.startswith("$"):
        return _KINDS.get(field[1:].split("$", 1)[0], "unknown")
    return "des" if len(field) == 13 or field.startswith("_") else "plain"


def read_accounts(tree: HostTree) -> list[Account]:
    """The accounts of /etc/passwd; a line that cannot be read raises ``NotObtainedError``."""
    found = []
    for number, line in enumerate(tree.need("/etc/passwd").splitlines(), 1):
        if not line.strip() or line.startswith(("#", "+", "-")):
            continue
        parts = line.split(":")
        if len(parts) != 7 or not parts[2].isdecimal() or not parts[3].isdecimal():
            raise NotObtainedError(f"/etc/passwd:{number}", "is malformed")
        found.append(Account(parts[0], int(parts[2]), int(parts[3]), parts[5], parts[6].strip(), number))
    return found


def read_secrets(tree: HostTree) -> list[Secret]:
    """The entries of /etc/shadow."""
    found = []
    for number, line in enumerate(tree.need("/etc/shadow").splitlines(), 1):
        if not line.strip():
            continue
        parts = [*line.split(":"), *[""] * 9][:9]
        if ":" not in line:
            raise NotObtainedError(f"/etc/shadow:{number}", "is malformed")
        changed, least, most, warn, inactive, expires = (_age(part, number) for part in parts[2:8])
        kind = hash_kind(parts[1])
        found.append(Secret(parts[0], kind, changed, least, most, warn, inactive, expires, number))
    return found


def _age(text: str, number: int) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError:
        raise NotObtainedError(f"/etc/shadow:{number}", "has a malformed age") from None


def passwd_passwords(tree: HostTree) -> list[Proof]:
    """Accounts whose password field in passwd itself is not ``x``: a hash anyone can read, or none at all."""
    found = []
    for number, line in enumerate(tree.need("/etc/passwd").splitlines(), 1):
        parts = line.split(":")
        if len(parts) == 7 and parts[1] not in ("x", "*", "!", "!!"):
            found.append(proof("/etc/passwd", f"{parts[0]}:<{hash_kind(parts[1])}>", number))
    return found


@dataclass(frozen=True, slots=True)
class Group:
    """One line of group."""

    name: str
    gid: int
    members: tuple[str, ...]
    line: int


def read_groups(tree: HostTree) -> list[Group]:
    """The groups of /etc/group."""
    found = []
    for number, line in enumerate(tree.need("/etc/group").splitlines(), 1):
        parts = line.split(":")
        if len(parts) == 4 and parts[2].isdecimal():
            found.append(Group(parts[0], int(parts[2]), tuple(n for n in parts[3].split(",") if n), number))
        elif line.strip() and not line.startswith(("+", "-", "#")):
            raise NotObtainedError(f"/etc/group:{number}", "is malformed")
    return found


def last_logins(tree: HostTree) -> dict[int, int]:
    """Seconds since 1970 of the last login per uid (0 = never), from /var/log/lastlog."""
    raw = tree.read_bytes("/var/log/lastlog", LARGEST_LASTLOG)
    if raw is None:
        raise NotObtainedError("/var/log/lastlog", "does not exist")
    whole = len(raw) - len(raw) % _LASTLOG.size
    return {uid: entry[0] for uid, entry in enumerate(_LASTLOG.iter_unpack(raw[:whole])) if entry[0]}
