"""Identity (8.1.4.1a, 8.1.4.2): unique accounts, no empty or readable passwords, no leftover accounts."""

from __future__ import annotations

from collections import Counter

from ops.baseline.accounts import WEAK_KINDS, last_logins, passwd_passwords
from ops.baseline.host import Host
from ops.baseline.outcome import Outcome, decide, proof
from ops.baseline.registry import check

SECONDS_PER_DAY = 86_400
LEFTOVER = frozenset(
    {"adm", "bin", "daemon", "demo", "ftp", "games", "gopher", "guest", "halt", "lp", "mail", "news", "nuucp"}
    | {"operator", "shutdown", "sync", "test", "user", "uucp"}
)


@check("identity.unique_uid", "8.1.4.1a", "8.1.4.2a")
def unique_uid(host: Host) -> Outcome:
    """Every account has its own UID."""
    counts = Counter(account.uid for account in host.accounts)
    shared = [account for account in host.accounts if counts[account.uid] > 1]
    shown = shared or host.accounts[:1]
    return decide(not shared, *(a.proof for a in shown), names=", ".join(a.name for a in shared))


@check("identity.unique_name", "8.1.4.1a", "8.1.4.2a")
def unique_name(host: Host) -> Outcome:
    """Every account name occurs once."""
    counts = Counter(account.name for account in host.accounts)
    twice = [account for account in host.accounts if counts[account.name] > 1]
    shown = twice or host.accounts[:1]
    return decide(not twice, *(a.proof for a in shown), names=", ".join(sorted({a.name for a in twice})))


@check("identity.root_only_uid0", "8.1.4.1a", "8.1.4.2d")
def root_only_uid0(host: Host) -> Outcome:
    """Only root has UID 0."""
    zero = [account for account in host.accounts if account.uid == 0]
    others = [account.name for account in zero if account.name != "root"]
    return decide(not others, *(a.proof for a in zero), names=", ".join(others))


@check("identity.no_empty_password", "8.1.4.1a")
def no_empty_password(host: Host) -> Outcome:
    """No account opens without a password."""
    empty = [secret for secret in host.secrets if secret.kind == "empty"]
    shown = [secret.proof for secret in empty or host.secrets[:1]]
    return decide(not empty, *shown, names=", ".join(secret.name for secret in empty))


@check("identity.shadowed", "8.1.4.1a", "8.1.4.8b")
def shadowed(host: Host) -> Outcome:
    """Passwords are in shadow, not in passwd that everyone can read."""
    open_ = passwd_passwords(host.tree)
    return decide(not open_, *(open_ or [proof("/etc/passwd", "every password field is x")]))


@check("identity.strong_hash", "8.1.4.1a", "8.1.4.8b")
def strong_hash(host: Host) -> Outcome:
    """No stored password uses a weak hash (DES, MD5, SHA-1, plain)."""
    weak = [secret for secret in host.secrets if secret.kind in WEAK_KINDS]
    shown = [secret.proof for secret in weak or host.secrets[:1]]
    return decide(not weak, *shown, names=", ".join(f"{s.name} ({s.kind})" for s in weak))


@check("identity.leftover_accounts", "8.1.4.2b", "8.1.4.2c")
def leftover_accounts(host: Host) -> Outcome:
    """Accounts that come with systems cannot be used to log in."""
    names = {secret.name for secret in host.secrets if secret.kind != "locked"}
    usable = [a for a in host.people() if a.name in LEFTOVER and a.name in names]
    shown = [account.proof for account in usable or host.accounts[:1]]
    return decide(not usable, *shown, names=", ".join(account.name for account in usable))


@check("identity.system_accounts_no_shell", "8.1.4.2b", "8.1.4.2d")
def system_accounts_no_shell(host: Host) -> Outcome:
    """System accounts (UID below UID_MIN, root apart) have no shell or no password."""
    least = host.login_def("UID_MIN")
    bound = least.number if least and least.number else 1000
    names = {secret.name for secret in host.secrets if secret.kind != "locked"}
    usable = [a for a in host.people() if 0 < a.uid < bound and a.name in names]
    shown = [account.proof for account in usable or host.accounts[:1]]
    return decide(not usable, *shown, names=", ".join(a.name for a in usable))


@check("identity.unused_accounts", "8.1.4.2c")
def unused_accounts(host: Host) -> Outcome:
    """No person's account was unused for longer than the limit."""
    since = host.now.timestamp() - host.limits.unused_days * SECONDS_PER_DAY
    seen = last_logins(host.tree)
    changed = {secret.name: (secret.changed or 0) * SECONDS_PER_DAY for secret in host.openers()}
    stale = [
        a for a in host.people()
        if a.uid != 0 and a.name in changed and max(seen.get(a.uid, 0), changed[a.name]) < since
    ]  # fmt: skip
    shown = [a.proof for a in stale] or [proof("/var/log/lastlog", f"{len(seen)} accounts have logged in")]
    names = ", ".join(account.name for account in stale)
    return decide(not stale, *shown, names=names, days=host.limits.unused_days)


@check("identity.expired_accounts", "8.1.4.2c")
def expired_accounts(host: Host) -> Outcome:
    """Accounts past their expiry date are removed or locked."""
    past = [s for s in host.openers() if s.expires is not None and 0 <= s.expires < host.today]
    shown = [secret.proof for secret in past or host.secrets[:1]]
    return decide(not past, *shown, names=", ".join(secret.name for secret in past))


@check("identity.homes_private", "8.1.4.2a")
def homes_private(host: Host) -> Outcome:
    """Home folders of people belong to them and are not writable by others."""
    wrong = []
    for account in host.people():
        status = host.tree.status(account.home) if account.home.startswith("/") else None
        if account.uid and status and status.is_folder and (status.uid != account.uid or status.mode & 0o022):
            wrong.append(proof(account.home, f"owner {status.uid}, mode {status.mode:04o}"))
    shown = wrong or [proof("/etc/passwd", f"{len(host.people())} accounts looked at")]
    return decide(not wrong, *shown, count=len(wrong))


@check("identity.groups_known", "8.1.4.2a")
def groups_known(host: Host) -> Outcome:
    """Every account's primary group exists, and group ids are unique."""
    counts = Counter(group.gid for group in host.groups)
    missing = [account for account in host.accounts if account.gid not in counts]
    doubled = [group for group in host.groups if counts[group.gid] > 1]
    shown = [a.proof for a in missing] + [proof("/etc/group", f"{g.name}:{g.gid}", g.line) for g in doubled]
    names = ", ".join([a.name for a in missing] + [g.name for g in doubled])
    return decide(not shown, *(shown or [proof("/etc/group", f"{len(host.groups)} groups")]), names=names)


@check("identity.shadow_group_empty", "8.1.4.2d")
def shadow_group_empty(host: Host) -> Outcome:
    """Nobody is in the group that may read shadow."""
    group = next((g for g in host.groups if g.name == "shadow"), None)
    members = list(group.members) if group else []
    if group:
        members += [account.name for account in host.accounts if account.gid == group.gid]
    shown = proof("/etc/group", f"shadow: {', '.join(members) or '—'}", group.line if group else None)
    return decide(not members, shown, names=", ".join(members))
