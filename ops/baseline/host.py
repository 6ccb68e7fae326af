"""A host as checks see it: its parts are parsed once, when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from ops.baseline.accounts import Account, Group, Secret, read_accounts, read_groups, read_secrets
from ops.baseline.auditing import AuditRule, audit_rules, audit_settings
from ops.baseline.packages import installed
from ops.baseline.pam import Entry, read_stack
from ops.baseline.settings_file import Setting, assignments, last, words
from ops.baseline.sockets import Listening, listening
from ops.baseline.sshd import Sshd, read_sshd
from ops.baseline.sudoers import Sudoers, read_sudoers
from ops.baseline.thresholds import Thresholds
from ops.baseline.tree import HostTree
from ops.baseline.units import Service, service

T = TypeVar("T")
DEBIAN = frozenset({"debian", "ubuntu", "uos", "deepin", "uniontech"})


class Host:
    """The parsed parts of a host; each raises ``NotObtainedError`` or ``NotApplicableError`` when it is not there."""

    def __init__(self, tree: HostTree, now: datetime, thresholds: Thresholds | None = None) -> None:
        self.tree = tree
        self.now = now
        self.limits = thresholds or Thresholds()

    @cached_property
    def today(self) -> int:
        """Days since 1970."""
        return int(self.now.timestamp() // 86_400)

    @cached_property
    def release(self) -> dict[str, str]:
        """Settings of os-release."""
        for path in ("/etc/os-release", "/usr/lib/os-release"):
            if (text := self.tree.read(path)) is not None:
                return {s.key: s.value for s in assignments(text, path)}
        return {}

    @cached_property
    def there(self) -> bool:
        """Whether the tree holds a host at all; an empty mount must prove nothing."""
        return bool(self.release) or self.tree.exists("/etc/passwd")

    @property
    def debian_like(self) -> bool:
        """Whether the family keeps its PAM stacks in common-* files."""
        names = {self.release.get("ID", ""), *self.release.get("ID_LIKE", "").split()}
        return bool(names & DEBIAN) or self.tree.exists("/etc/pam.d/common-auth")

    @cached_property
    def accounts(self) -> list[Account]:
        return read_accounts(self.tree)

    @cached_property
    def secrets(self) -> list[Secret]:
        return read_secrets(self.tree)

    @cached_property
    def groups(self) -> list[Group]:
        return read_groups(self.tree)

    @cached_property
    def login_defs(self) -> list[Setting]:
        for path in ("/etc/login.defs", "/usr/etc/login.defs"):
            if (text := self.tree.read(path)) is not None:
                return words(text, path)
        return words(self.tree.need("/etc/login.defs"), "/etc/login.defs")

    def login_def(self, key: str) -> Setting | None:
        """The value of a login.defs key that counts."""
        return last(self.login_defs, key)

    @cached_property
    def sshd(self) -> Sshd:
        return read_sshd(self.tree)

    @cached_property
    def sudoers(self) -> Sudoers:
        return read_sudoers(self.tree)

    @cached_property
    def audit_rules(self) -> list[AuditRule]:
        return audit_rules(self.tree)

    @cached_property
    def audit_settings(self) -> list[Setting]:
        return audit_settings(self.tree)

    @cached_property
    def packages(self) -> dict[str, str]:
        return installed(self.tree)

    @cached_property
    def listening(self) -> list[Listening]:
        return listening(self.tree)

    def pam(self, service: str, kind: str) -> tuple[Entry, ...]:
        """A PAM stack."""
        return read_stack(self.tree, service, kind)

    def service(self, *names: str) -> Service:
        """Whether a service starts."""
        return service(self.tree, *names)

    def running(self, *names: str) -> bool | None:
        """Whether a process of one of ``names`` runs; None for a mounted tree, where that cannot be seen."""
        return bool(self.processes & set(names)) if self.tree.live else None

    @cached_property
    def processes(self) -> frozenset[str]:
        """Names of the processes that run (first 15 characters, as the kernel keeps them)."""
        folders = [name for name in self.tree.names("/proc") if name.isdecimal()]
        return frozenset((self.tree.read(f"/proc/{pid}/comm") or "").strip() for pid in folders)

    def people(self) -> list[Account]:
        """Accounts with a shell that lets a person in."""
        return [account for account in self.accounts if account.can_log_in]

    def openers(self) -> list[Secret]:
        """Shadow entries with a password, of accounts that can log in."""
        names = {account.name for account in self.people()}
        return [secret for secret in self.secrets if secret.name in names and secret.has_password]

    def first_readable(self, paths: tuple[str, ...], parse: Callable[[str, str], T]) -> T | None:
        """``parse`` of the first path that exists."""
        for path in paths:
            if (text := self.tree.read(path)) is not None:
                return parse(text, path)
        return None
