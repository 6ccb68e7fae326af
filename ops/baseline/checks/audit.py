"""Security audit (8.1.4.3): it runs, records what matters, is kept, shipped away and cannot be switched off."""

from __future__ import annotations

from ops.baseline.auditing import AuditRule, forwards
from ops.baseline.host import Host
from ops.baseline.outcome import NotObtainedError, Outcome, decide, passed, proof
from ops.baseline.registry import check
from ops.baseline.settings_file import last, section, words

KEEPING = frozenset({"keep_logs", "rotate"})
ALARMING = frozenset({"email", "exec", "suspend", "single", "halt", "syslog"})


@check("audit.daemon", "8.1.4.3a")
def daemon(host: Host) -> Outcome:
    """The audit daemon starts with the host and, on the running host, runs."""
    found = host.service("auditd")
    running = host.running("auditd")
    shown = [*found.proofs, proof("/proc", f"auditd {'runs' if running else 'does not run'}")]
    return decide(found.starts and running is not False, *(shown if host.tree.live else found.proofs))


@check("audit.logger", "8.1.4.3a")
def logger(host: Host) -> Outcome:
    """A system logger keeps records on disk: rsyslog, syslog-ng, or a persistent journal."""
    found = host.service("rsyslog", "syslog-ng")
    if found.starts and host.running("rsyslogd", "syslog-ng") is not False:
        return passed(*found.proofs)
    storage = None
    for path in ["/etc/systemd/journald.conf", *host.tree.glob("/etc/systemd/journald.conf.d/*.conf")]:
        storage = last(section(host.tree.read(path) or "", path, "journal"), "Storage") or storage
    value = storage.value.lower() if storage else "auto"
    kept = value == "persistent" or (value == "auto" and host.tree.exists("/var/log/journal"))
    return decide(kept, storage.proof if storage else proof("/var/log/journal", f"Storage={value}"))


def _watched(host: Host, *paths: str) -> Outcome:
    rules = host.audit_rules
    missing = [path for path in paths if not any(rule.watches(path) for rule in rules)]
    shown = [rule.proof for rule in rules if any(rule.watches(path) for path in paths)]
    if missing:
        shown = [proof("/etc/audit/rules.d", f"no rule watches {path}") for path in missing]
    return decide(not missing, *shown, missing=", ".join(missing))


def _recorded(host: Host, *calls: str) -> Outcome:
    rules = host.audit_rules
    seen = {call for rule in rules for call in rule.calls}
    missing = [call for call in calls if call not in seen and "all" not in seen]
    shown = [rule.proof for rule in rules if rule.calls & set(calls)]
    if missing:
        shown = [proof("/etc/audit/rules.d", f"no rule records {call}") for call in missing]
    return decide(not missing, *shown, missing=", ".join(missing))


@check("audit.identity_changes", "8.1.4.3a")
def identity_changes(host: Host) -> Outcome:
    """Changes of accounts and groups are recorded."""
    return _watched(host, "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow")


@check("audit.privilege_changes", "8.1.4.3a")
def privilege_changes(host: Host) -> Outcome:
    """Changes of the sudo policy are recorded."""
    return _watched(host, "/etc/sudoers", "/etc/sudoers.d")


@check("audit.permission_changes", "8.1.4.3a")
def permission_changes(host: Host) -> Outcome:
    """Changes of file permissions and owners are recorded."""
    return _recorded(host, "chmod", "fchmodat", "chown", "fchownat")


@check("audit.time_changes", "8.1.4.3a", "8.1.4.3b")
def time_changes(host: Host) -> Outcome:
    """Changes of the clock are recorded."""
    return _recorded(host, "adjtimex", "settimeofday", "clock_settime")


@check("audit.deletions", "8.1.4.3a")
def deletions(host: Host) -> Outcome:
    """Deletion and renaming of files is recorded."""
    return _recorded(host, "unlink", "unlinkat", "rename", "renameat")


@check("audit.commands", "8.1.4.3a", "8.1.5.1a")
def commands(host: Host) -> Outcome:
    """Programs run with privilege are recorded."""
    return _recorded(host, "execve")


@check("audit.kernel_modules", "8.1.4.3a")
def kernel_modules(host: Host) -> Outcome:
    """Loading and unloading of kernel modules is recorded."""
    return _recorded(host, "init_module", "delete_module")


@check("audit.not_suppressed", "8.1.4.3a", "8.1.4.3d")
def not_suppressed(host: Host) -> Outcome:
    """No rule switches recording off."""
    rules = host.audit_rules
    bad = [rule for rule in rules if rule.suppresses]
    return decide(bool(rules) and not bad, *(rule.proof for rule in (bad or rules[:1])))


@check("audit.immutable", "8.1.4.3d")
def immutable(host: Host) -> Outcome:
    """Rules are locked until the next start (``-e 2`` last)."""
    enabling = [rule for rule in host.audit_rules if rule.words[:1] == ("-e",)]
    good = bool(enabling) and enabling[-1].words[1:2] == ("2",)
    shown: list[AuditRule] = enabling[-1:]
    return decide(good, *([r.proof for r in shown] or [proof("/etc/audit/rules.d", "-e 2 is not there")]))


@check("audit.keeps_logs", "8.1.4.3c")
def keeps_logs(host: Host) -> Outcome:
    """A full audit file is kept or rotated, not overwritten at once."""
    action = last(host.audit_settings, "max_log_file_action", fold=True)
    count = last(host.audit_settings, "num_logs", fold=True)
    value = action.value.lower() if action else "rotate"
    enough = value == "keep_logs" or (value == "rotate" and count is not None and (count.number or 0) >= 5)
    shown = [s.proof for s in (action, count) if s] or [
        proof("/etc/audit/auditd.conf", "max_log_file_action is not set")
    ]
    return decide(value in KEEPING and enough, *shown)


@check("audit.full_disk", "8.1.4.3d", "8.1.4.3c")
def full_disk(host: Host) -> Outcome:
    """Somebody hears of it when the disk for audit records fills up."""
    action = last(host.audit_settings, "space_left_action", fold=True)
    good = action is not None and action.value.lower() in ALARMING
    return decide(good, action.proof if action else proof("/etc/audit/auditd.conf", "space_left_action is not set"))


@check("audit.log_mode", "8.1.4.3c")
def log_mode(host: Host) -> Outcome:
    """Audit records cannot be read or changed by users."""
    status = host.tree.status("/var/log/audit")
    if status is None:
        raise NotObtainedError("/var/log/audit", "does not exist")
    bad = status.uid != 0 or bool(status.mode & 0o027)
    shown = [proof("/var/log/audit", f"owner {status.uid}, mode {status.mode:04o}")]
    for name in host.tree.names("/var/log/audit"):
        file = host.tree.status(f"/var/log/audit/{name}")
        if file and (file.uid != 0 or file.mode & 0o027):
            bad = True
            shown.append(proof(f"/var/log/audit/{name}", f"owner {file.uid}, mode {file.mode:04o}"))
    return decide(not bad, *shown)


@check("audit.forwarded", "8.1.4.3c", "8.1.5.4d")
def forwarded(host: Host) -> Outcome:
    """Records are sent to another host as they arise."""
    found = forwards(host.tree)
    agent = host.service("yaodun-agent", "yaodun")
    shown = found + list(agent.proofs if agent.starts else ())
    return decide(bool(shown), *(shown or [proof("/etc/rsyslog.conf", "nothing is sent to another host")]))


@check("audit.log_files_private", "8.1.4.3c")
def log_files_private(host: Host) -> Outcome:
    """Log files cannot be changed by users."""
    names = [n for n in host.tree.names("/var/log") if n not in ("journal", "audit", "lastlog")]
    bad = []
    for name in names:
        status = host.tree.status(f"/var/log/{name}")
        if status and status.is_file and status.mode & 0o002:
            bad.append(proof(f"/var/log/{name}", f"mode {status.mode:04o}"))
    if not names:
        raise NotObtainedError("/var/log", "holds nothing")
    return decide(not bad, *(bad or [proof("/var/log", f"{len(names)} entries looked at")]))


@check("audit.rotation", "8.1.4.3c", "8.1.5.4d")
def rotation(host: Host) -> Outcome:
    """Rotated logs stay long enough by logrotate's own settings (what really is there is judged from the store)."""
    text = host.tree.need("/etc/logrotate.conf")
    found = words(text, "/etc/logrotate.conf")
    per = next((s for s in found if s.key in ("daily", "weekly", "monthly", "yearly")), None)
    count = last(found, "rotate")
    days = {"daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}.get(per.key if per else "", 0)
    kept = days * ((count.number or 0) if count else 0)
    shown = [s.proof for s in (per, count) if s] or [proof("/etc/logrotate.conf", "no period, no count")]
    return decide(kept >= host.limits.retention_days, *shown, days=kept, wanted=host.limits.retention_days)
