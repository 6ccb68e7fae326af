"""Host baseline against openscap with ssg-debian on debootstrap trees, where the rules of both ask the same.

Needs ``debootstrap``, ``openscap-scanner`` and ``ssg-debian``; ``BENCH_DEBIAN_TREE`` may name a tree made before with
``debootstrap --include=openssh-server,auditd,libpam-pwquality,sudo bullseye DIR``. From outside a tree openscap cannot
ask dpkg, so it calls rules bound to some packages not applicable: those are not compared.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.clock import SystemClock
from ops.baseline.host import Host
from ops.baseline.outcome import Verdict
from ops.baseline.registry import all_checks, run_check
from ops.baseline.tree import HostTree

CONTENT = Path("/usr/share/xml/scap/ssg/content/ssg-debian11-ds.xml")
PREFIX = "xccdf_org.ssgproject.content_rule_"
TREES = int(os.environ.get("BENCH_OPENSCAP_TREES", "8"))
SSHD, LOGIN, SUDO = "/etc/ssh/sshd_config", "/etc/login.defs", "/etc/sudoers.d/site"
RULES, CONF = "/etc/audit/rules.d/site.rules", "/etc/audit/auditd.conf"


@dataclass(frozen=True, slots=True)
class Pair:
    """A rule of ssg and our check that ask the same, and the line (or mode) that makes both good or both bad."""

    rule: str
    check: str
    path: str
    good: str | int
    bad: str | int


AUDIT_TIME = "-a always,exit -F arch=b{} -S adjtimex -S settimeofday -S clock_settime -F key=time"
AUDIT_DELETE = (
    "-a always,exit -F arch=b{} -S rmdir,unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=unset -F key=delete"
)
IDENTITY = ("passwd", "shadow", "group", "gshadow", "security/opasswd")
_ROWS = """
sshd_disable_empty_passwords ssh.empty_passwords {SSHD} | PermitEmptyPasswords no | PermitEmptyPasswords yes
sshd_disable_root_login ssh.root_login {SSHD} | PermitRootLogin no | PermitRootLogin yes
sshd_do_not_permit_user_env ssh.user_environment {SSHD} | PermitUserEnvironment no | PermitUserEnvironment yes
sshd_enable_strictmodes ssh.strict_modes {SSHD} | StrictModes yes | StrictModes no
sshd_disable_rhosts ssh.rhosts {SSHD} | IgnoreRhosts yes | IgnoreRhosts no
sshd_enable_pam ssh.uses_pam {SSHD} | UsePAM yes | UsePAM no
sshd_set_loglevel_info ssh.log_level {SSHD} | LogLevel INFO | LogLevel QUIET
sshd_set_max_auth_tries ssh.max_tries {SSHD} | MaxAuthTries 3 | MaxAuthTries 30
disable_host_auth ssh.host_based {SSHD} | HostbasedAuthentication no | HostbasedAuthentication yes
sshd_set_login_grace_time ssh.login_grace {SSHD} | LoginGraceTime 60 | LoginGraceTime 0
accounts_password_warn_age_login_defs password.warn_days {LOGIN} | PASS_WARN_AGE 7 | PASS_WARN_AGE 1
accounts_maximum_age_login_defs password.max_days_default {LOGIN} | PASS_MAX_DAYS 60 | PASS_MAX_DAYS 99999
accounts_umask_etc_login_defs access.umask {LOGIN} | UMASK 027 | UMASK 000
sudo_remove_no_authenticate sudo.authenticates {SUDO} | Defaults authenticate | Defaults !authenticate
sudo_remove_nopasswd sudo.no_blank_cheque {SUDO} | %ops ALL=(ALL) ALL | %ops ALL=(ALL) NOPASSWD: ALL
audit_rules_immutable audit.immutable {RULES} | -e 2 | -e 1
audit_rules_time_adjtimex audit.time_changes {RULES} | {TIME} | # no time
audit_rules_usergroup_modification audit.identity_changes {RULES} | {WATCHES} | # no identity
audit_rules_file_deletion_events audit.deletions {RULES} | {DELETE} | # no deletion
auditd_data_retention_max_log_file_action audit.keeps_logs {CONF} | {ROTATE} | max_log_file_action = ignore
auditd_data_retention_space_left_action audit.full_disk {CONF} | space_left_action = EMAIL | space_left_action = IGNORE
file_permissions_etc_passwd file.passwd /etc/passwd | 0o644 | 0o666
file_permissions_etc_group file.group /etc/group | 0o644 | 0o664
file_permissions_etc_shadow file.shadow /etc/shadow | 0o640 | 0o644
file_permissions_etc_gshadow file.gshadow /etc/gshadow | 0o640 | 0o646
dir_perms_world_writable_sticky_bits file.tmp_sticky /var/tmp | 0o1777 | 0o777
accounts_no_uid_except_zero identity.root_only_uid0 /etc/passwd+ || toor:x:0:0::/root:/bin/sh
no_empty_passwords_etc_shadow identity.no_empty_password /etc/shadow+ || ghost::19000:0:90:7:::
accounts_password_all_shadowed identity.shadowed /etc/passwd+ || open:$1$ab$0123456789abcdef:1500:1500::/:/bin/sh
"""


def _pairs() -> tuple[Pair, ...]:
    both = ("32", "64")
    places = {"{SSHD}": SSHD, "{LOGIN}": LOGIN, "{SUDO}": SUDO, "{RULES}": RULES, "{CONF}": CONF}
    places["{ROTATE}"] = "max_log_file_action = ROTATE"
    places["{TIME}"] = "\n".join(AUDIT_TIME.format(n) for n in both)
    places["{DELETE}"] = "\n".join(AUDIT_DELETE.format(n) for n in both)
    places["{WATCHES}"] = "\n".join(f"-w /etc/{name} -p wa -k usergroup" for name in IDENTITY)
    found = []
    for row in _ROWS.strip().splitlines():
        head, good, bad = (part.strip() for part in row.split("|"))
        rule, check, path = head.split()
        values = [places.get(value, value) for value in (good, bad)]
        first, second = (int(v, 8) if v.startswith("0o") else v for v in values)
        found.append(Pair(rule, check, places.get(path, path), first, second))
    return tuple(found)


PAIRS = _pairs()


@dataclass(frozen=True, slots=True)
class Compared:
    """Both answers for one pair on one tree; ``label`` is what the tree was made to be."""

    pair: Pair
    label: bool
    ssg: str
    ours: Verdict


def available() -> bool:
    """Whether the tools are there."""
    return CONTENT.exists() and all(shutil.which(tool) for tool in ("oscap", "debootstrap"))


def compare() -> Iterator[Compared]:
    """Every pair on every tree: all good, all bad, then mixtures by a fixed seed."""
    chance = random.Random(20261125)
    with tempfile.TemporaryDirectory() as folder:
        base = _base(Path(folder))
        kept = {path: _read(base, path) for path in ("/etc/passwd", "/etc/shadow", SSHD, LOGIN, CONF)}
        tailoring = _tailoring(Path(folder) / "tailoring.xml")
        for number in range(TREES):
            wanted = {p.rule: number == 0 or (number > 1 and chance.random() < 0.5) for p in PAIRS}
            _shape(base, kept, wanted)
            ssg = _scan(base, tailoring, Path(folder) / "results.xml")
            yield from _judge(base, wanted, ssg)


def _base(folder: Path) -> Path:
    given = os.environ.get("BENCH_DEBIAN_TREE")
    target = folder / "tree"
    if given:
        subprocess.run(["cp", "-a", given, str(target)], check=True, timeout=300)
    else:
        include = "--include=openssh-server,auditd,libpam-pwquality,sudo"
        command = ["debootstrap", "--variant=minbase", include, "bullseye", str(target)]
        subprocess.run(command, check=True, timeout=1200, capture_output=True)
    return target


def _read(base: Path, path: str) -> str:
    return (base / path.lstrip("/")).read_text(encoding="utf-8")


def _shape(base: Path, kept: dict[str, str], wanted: dict[str, bool]) -> None:
    lines: dict[str, list[str]] = {}
    for pair in PAIRS:
        value = pair.good if wanted[pair.rule] else pair.bad
        if isinstance(value, str):
            lines.setdefault(pair.path, []).append(value)
    for path, added in lines.items():
        plain = path.rstrip("+")
        text = _without(kept.get(plain, ""), added) if path == plain else kept[plain]
        place = base / plain.lstrip("/")
        place.write_text(text + "\n".join(line for line in added if line) + "\n", encoding="utf-8")
    for pair in PAIRS:
        value = pair.good if wanted[pair.rule] else pair.bad
        if isinstance(value, int):
            (base / pair.path.lstrip("/")).chmod(value)


def _without(text: str, added: list[str]) -> str:
    """The file without earlier lines of the same keys, so that the added ones count for both readers."""
    keys = {re.split(r"[\s=]", line)[0].lower() for line in added if line}
    kept = [line for line in text.splitlines() if re.split(r"[\s=]", line.strip())[0].lower() not in keys]
    return "\n".join(kept) + "\n"


def _tailoring(path: Path) -> Path:
    """Elements stand on lines of their own: openscap's reader skips one of two that touch."""
    selected = "\n".join(f'<xccdf:select idref="{PREFIX}{pair.rule}" selected="true"/>' for pair in PAIRS)
    head = '<?xml version="1.0"?>\n<xccdf:Tailoring xmlns:xccdf="http://checklists.nist.gov/xccdf/1.2"'
    parts = [
        f'{head} id="xccdf_yaodun_tailoring_b">',
        f'<xccdf:benchmark href="{CONTENT}"/>',
        '<xccdf:version time="2026-11-25T00:00:00">1</xccdf:version>',
        '<xccdf:Profile id="xccdf_yaodun_profile_b">',
        "<xccdf:title>pairs</xccdf:title>",
        selected,
        "</xccdf:Profile>",
        "</xccdf:Tailoring>",
    ]
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
    return path


def _scan(base: Path, tailoring: Path, results: Path) -> dict[str, str]:
    command = ["oscap", "xccdf", "eval", "--profile", "xccdf_yaodun_profile_b", "--tailoring-file", str(tailoring)]
    command += ["--results", str(results), str(CONTENT)]
    environment = os.environ | {"OSCAP_PROBE_ROOT": str(base)}
    subprocess.run(command, check=False, timeout=300, capture_output=True, env=environment)
    found = re.findall(rf'idref="{PREFIX}(\w+)"[^>]*>\s*<result>(\w+)</result>', results.read_text(encoding="utf-8"))
    return dict(found)


def _judge(base: Path, wanted: dict[str, bool], ssg: dict[str, str]) -> Iterator[Compared]:
    host = Host(HostTree(base, live=False), SystemClock().now())
    checks = {check.id: check for check in all_checks()}
    for pair in PAIRS:
        yield Compared(
            pair, wanted[pair.rule], ssg.get(pair.rule, "absent"), run_check(checks[pair.check], host).verdict
        )
