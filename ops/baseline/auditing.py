"""The kernel audit: its rules, its daemon's settings, and log shipping."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from ops.baseline.outcome import NotObtainedError, Proof, proof
from ops.baseline.settings_file import Setting, assignments
from ops.baseline.tree import HostTree

RULE_FOLDER, RULE_FILE, CONF = "/etc/audit/rules.d", "/etc/audit/audit.rules", "/etc/audit/auditd.conf"
RSYSLOG = r"^\s*[^#\s].*\s@{1,2}\(?[\w.\[:-]+|^\s*[^#].*type=\"omfwd\".*target=\"(?!127\.|localhost)"


@dataclass(frozen=True, slots=True)
class AuditRule:
    """One rule line in words."""

    words: tuple[str, ...]
    source: str
    line: int

    @property
    def proof(self) -> Proof:
        """The line as evidence."""
        return proof(self.source, " ".join(self.words), self.line)

    def watches(self, path: str) -> bool:
        """Whether writes to ``path`` are recorded (``-w``, or ``-F path=``/``dir=`` with write or attribute access)."""
        if len(self.words) > 1 and self.words[0] == "-w":
            permissions = self.words[self.words.index("-p") + 1] if "-p" in self.words[:-1] else "rwxa"
            return _covers(self.words[1], path) and "w" in permissions
        fields = [word for flag, word in zip(self.words, self.words[1:], strict=False) if flag == "-F"]
        named = [f.split("=", 1)[1] for f in fields if f.startswith(("path=", "dir="))]
        access = [f.split("=", 1)[1] for f in fields if f.startswith("perm=")]
        return any(_covers(name, path) for name in named) and (not access or "w" in access[0])

    @property
    def calls(self) -> set[str]:
        """System calls the rule records on exit."""
        if "always,exit" not in self.words and "exit,always" not in self.words:
            return set()
        listed = [word for flag, word in zip(self.words, self.words[1:], strict=False) if flag == "-S"]
        return {call for word in listed for call in word.split(",")}

    @property
    def suppresses(self) -> bool:
        """Whether the rule turns recording off for everything."""
        return (self.words[:1] == ("-e",) and self.words[1:2] == ("0",)) or self.words[:2] == ("-a", "never,task")


def _covers(watched: str, path: str) -> bool:
    bare = watched.rstrip("/")
    return path.rstrip("/") == bare or path.startswith(bare + "/")


def audit_rules(tree: HostTree) -> list[AuditRule]:
    """Rules in the order augenrules loads them; ``NotObtainedError`` where there is no rule file at all."""
    paths = [f"{RULE_FOLDER}/{name}" for name in tree.names(RULE_FOLDER) if name.endswith(".rules")]
    if not paths and tree.exists(RULE_FILE):
        paths = [RULE_FILE]
    if not paths:
        raise NotObtainedError(RULE_FOLDER, "no audit rules are there")
    found = []
    for path in paths:
        for number, line in enumerate(tree.need(path).splitlines(), 1):
            if (bare := line.strip()) and not bare.startswith("#"):
                found.append(AuditRule(_split(bare), path, number))
    return found


def _split(line: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(line))
    except ValueError:
        return tuple(line.split())


def audit_settings(tree: HostTree) -> list[Setting]:
    """Settings of auditd.conf."""
    return assignments(tree.need(CONF), CONF)


def forwards(tree: HostTree) -> list[Proof]:
    """Lines of rsyslog, syslog-ng, journal upload or audisp that send records to another host."""
    found = []
    for path in ["/etc/rsyslog.conf", *tree.glob("/etc/rsyslog.d/*.conf")]:
        found += _matching(tree, path, RSYSLOG)
    for path in ["/etc/syslog-ng/syslog-ng.conf", *tree.glob("/etc/syslog-ng/conf.d/*.conf")]:
        found += _matching(tree, path, r"^\s*destination\b.*\b(tcp|udp|network|syslog)\s*\(")
    found += _matching(tree, "/etc/systemd/journal-upload.conf", r"^\s*URL\s*=\s*\S+")
    found += _matching(tree, "/etc/audit/audisp-remote.conf", r"^\s*remote_server\s*=\s*\S+")
    return found


def _matching(tree: HostTree, path: str, pattern: str) -> list[Proof]:
    text = tree.read(path)
    lines = enumerate((text or "").splitlines(), 1)
    return [proof(path, line, number) for number, line in lines if re.search(pattern, line) and _off_host(line)]


def _off_host(line: str) -> bool:
    return not re.search(r"@{1,2}\(?(127\.|localhost|\[?::1)", line)
