"""Every check on a good tree, on a tree with one thing wrong, and where what it needs is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from infra.text import Language, use_language
from ops.baseline.outcome import Verdict
from ops.baseline.registry import Finding, all_checks, run_check, run_checks
from tests.unit.ops.baseline.trees import (
    AUDIT_RULES,
    DEBIAN,
    DEBIAN_AUTH,
    DEBIAN_PASSWORD,
    GROUP,
    HASH,
    LOGIN_DEFS,
    PASSWD,
    RHEL,
    SHADOW,
    SSHD,
    SYSCTL,
    TCP,
    TODAY,
    Change,
    build,
    enabled,
    host,
    outcome,
)  # fmt: skip

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="owners of files are checked: run the tests as root")
AUTH, PASSWORD = "/etc/pam.d/common-auth", "/etc/pam.d/common-password"
QUALITY, SSH, SUDO = "/etc/security/pwquality.conf", "/etc/ssh/sshd_config", "/etc/sudoers"
RULES, CONF, SYS = "/etc/audit/rules.d/audit.rules", "/etc/audit/auditd.conf", "/etc/sysctl.d/60-hard.conf"
LISTS = "/var/lib/apt/lists/deb_dists_bookworm-security_main_binary-amd64_Packages"


def ssh(old: str, new: str) -> Change:
    return {SSH: SSHD.replace(old, new)}


def sysctl(old: str, new: str) -> Change:
    return {SYS: SYSCTL.replace(old, new)}


def no_rule(part: str) -> Change:
    return {RULES: "\n".join(line for line in AUDIT_RULES.splitlines() if part not in line)}


BAD: list[tuple[str, Change]] = [
    ("identity.unique_uid", {"/etc/passwd": PASSWD + "ops2:x:1000:1000::/home/ops2:/bin/sh\n"}),
    ("identity.unique_name", {"/etc/passwd": PASSWD + "ops:x:1001:1000::/home/o:/bin/sh\n"}),
    ("identity.root_only_uid0", {"/etc/passwd": PASSWD + "toor:x:0:0::/root:/bin/sh\n"}),
    ("identity.no_empty_password", {"/etc/shadow": SHADOW + f"ghost::{TODAY}:0:90:7:::\n"}),
    ("identity.shadowed", {"/etc/passwd": PASSWD.replace("ops:x:", f"ops:{HASH}:")}),
    ("identity.strong_hash", {"/etc/shadow": SHADOW.replace("$y$", "$1$")}),
    ("identity.strong_hash", {"/etc/shadow": SHADOW.replace(HASH, "ab0123456789.")}),
    ("identity.leftover_accounts", {"/etc/passwd": PASSWD.replace("/usr/games:/usr/sbin/nologin", "/usr/games:/bin/sh"),
                                    "/etc/shadow": SHADOW.replace("games:*", f"games:{HASH}")}),
    ("identity.system_accounts_no_shell", {"/etc/passwd": PASSWD + "db:x:200:1::/srv:/bin/sh\n",
                                           "/etc/shadow": SHADOW + f"db:{HASH}:{TODAY}:0:90:7:::\n"}),
    ("identity.unused_accounts", {"/etc/shadow": SHADOW.replace(f"{TODAY - 20}", f"{TODAY - 200}")}),
    ("identity.expired_accounts", {"/etc/shadow": SHADOW.replace(":7:30::", f":7:30:{TODAY - 3}:")}),
    ("identity.homes_private", {"/home/ops": 0o777}),
    ("identity.groups_known", {"/etc/group": GROUP.replace("ops:x:1000:", "ops:x:1001:")}),
    ("identity.groups_known", {"/etc/group": GROUP + "more:x:1000:\n"}),
    ("identity.shadow_group_empty", {"/etc/group": GROUP.replace("shadow:x:42:", "shadow:x:42:ops")}),
    ("password.quality_enforced", {PASSWORD: DEBIAN_PASSWORD.split("\n", 1)[1]}),
    ("password.quality_enforced", {PASSWORD: DEBIAN_PASSWORD.replace("requisite pam_pwq", "optional pam_pwq")}),
    ("password.quality_enforced", {PASSWORD: "password sufficient pam_unix.so\n" + DEBIAN_PASSWORD}),
    ("password.length", {QUALITY: "minlen = 6\nminclass = 3\n"}),
    ("password.length", {QUALITY: "minlen = 9\ndcredit = 1\nucredit = 1\n"}),
    ("password.complexity", {QUALITY: "minlen = 12\nminclass = 2\n"}),
    ("password.complexity", {QUALITY: "minlen = 12\ndcredit = -1\nucredit = -1\n"}),
    ("password.root_too", {QUALITY: "minlen = 12\n"}),
    ("password.history", {PASSWORD: DEBIAN_PASSWORD.replace("remember=5", "remember=1")}),
    ("password.hash_method", {PASSWORD: DEBIAN_PASSWORD.replace("yescrypt", "md5")}),
    ("password.max_days_default", {"/etc/login.defs": LOGIN_DEFS.replace("PASS_MAX_DAYS\t90", "PASS_MAX_DAYS 99999")}),
    ("password.max_days_default", {"/etc/login.defs": LOGIN_DEFS + "PASS_MAX_DAYS 180\n"}),
    ("password.max_days", {"/etc/shadow": SHADOW.replace(":1:90:", ":1:99999:")}),
    ("password.max_days", {"/etc/shadow": SHADOW.replace(":1:90:", ":1::")}),
    ("password.changed_in_time", {"/etc/shadow": SHADOW.replace(f"{TODAY - 20}", f"{TODAY - 91}")}),
    ("password.changed_in_time", {"/etc/shadow": SHADOW.replace(f"{TODAY - 20}", f"{TODAY + 9}")}),
    ("password.warn_days", {"/etc/login.defs": LOGIN_DEFS.replace("AGE 7", "AGE 1")}),
    ("lockout.locks", {AUTH: DEBIAN_AUTH.replace("auth required pam_faillock.so preauth\n", "")}),
    ("lockout.locks", {AUTH: DEBIAN_AUTH.replace("auth [default=die] pam_faillock.so authfail\n", "")}),
    ("lockout.locks", {AUTH: "auth sufficient pam_unix.so\n" + DEBIAN_AUTH}),
    ("lockout.locks", {AUTH: "# auth required pam_faillock.so preauth\nauth required pam_unix.so\n"}),
    ("lockout.locks", {"/etc/pam.d/login": "auth required pam_unix.so\n"}),
    ("lockout.attempts", {"/etc/security/faillock.conf": "deny = 50\n"}),
    ("lockout.attempts", {AUTH: DEBIAN_AUTH.replace("preauth", "preauth deny=0")}),
    ("lockout.duration", {"/etc/security/faillock.conf": "deny = 5\nunlock_time = 10\n"}),
    ("lockout.no_nullok", {AUTH: DEBIAN_AUTH.replace("pam_unix.so", "pam_unix.so nullok")}),
    ("lockout.wrong_password_refused", {AUTH: "auth optional pam_unix.so\nauth required pam_permit.so\n"}),
    ("lockout.second_factor", ssh("AuthenticationMethods publickey,keyboard-interactive\n", "")),
    ("lockout.second_factor", ssh("publickey,keyboard-interactive", "publickey,keyboard-interactive publickey")),
    ("session.idle_shell", {"/etc/profile.d/tmout.sh": "# TMOUT=900\n"}),
    ("session.idle_shell", {"/etc/profile.d/tmout.sh": "TMOUT=0\n"}),
    ("access.su_restricted", {"/etc/pam.d/su": "auth sufficient pam_rootok.so\nauth required pam_unix.so\n"}),
    ("access.su_restricted", {"/etc/pam.d/su": "auth sufficient pam_wheel.so trust\nauth required pam_unix.so\n"}),
    ("ssh.root_login", ssh("PermitRootLogin no", "PermitRootLogin yes")),
    ("ssh.root_login", ssh("StrictModes yes", "Match User root\n PermitRootLogin yes")),
    ("ssh.root_login", {"/etc/ssh/x.conf": "PermitRootLogin yes\n", SSH: "Include x.conf\n" + SSHD}),
    ("ssh.empty_passwords", ssh("PermitEmptyPasswords no", "PermitEmptyPasswords yes")),
    ("ssh.max_tries", ssh("MaxAuthTries 4", "MaxAuthTries 20")),
    ("ssh.idle", ssh("ClientAliveInterval 300", "ClientAliveInterval 0")),
    ("ssh.idle", ssh("ClientAliveCountMax 3", "ClientAliveCountMax 0")),
    ("ssh.login_grace", ssh("LoginGraceTime 60", "LoginGraceTime 0")),
    ("ssh.login_grace", ssh("LoginGraceTime 60", "LoginGraceTime 1h")),
    ("ssh.host_based", ssh("HostbasedAuthentication no", "HostbasedAuthentication yes")),
    ("ssh.rhosts", ssh("IgnoreRhosts yes", "IgnoreRhosts no")),
    ("ssh.user_environment", ssh("PermitUserEnvironment no", "PermitUserEnvironment yes")),
    ("ssh.strict_modes", ssh("StrictModes yes", "StrictModes no")),
    ("ssh.uses_pam", ssh("UsePAM yes", "UsePAM no")),
    ("ssh.log_level", ssh("LogLevel VERBOSE", "LogLevel QUIET")),
    ("ssh.protocol", ssh("Protocol 2", "Protocol 2,1")),
    ("ssh.ciphers", ssh("aes128-ctr", "aes128-cbc")),
    ("ssh.ciphers", ssh("Ciphers aes256-gcm@openssh.com,aes128-ctr", "Ciphers +3des-cbc")),
    ("ssh.macs", ssh("hmac-sha2-256-etm@openssh.com", "hmac-md5")),
    ("ssh.key_exchange", ssh("curve25519-sha256", "diffie-hellman-group1-sha1")),
    ("ssh.source_limited", ssh("AllowUsers ops@10.0.0.0/8\n", "")),
    ("remote.no_telnet", enabled("telnet.socket")),
    ("remote.no_telnet", {"/etc/inetd.conf": "telnet stream tcp nowait root /usr/sbin/in.telnetd\n"}),
    ("remote.no_rsh", {"/etc/xinetd.d/shell": "service shell\n{\n disable = no\n}\n"}),
    ("remote.no_ftp", enabled("vsftpd.service")),
    ("file.passwd", {"/etc/passwd": 0o666}),
    ("file.shadow", {"/etc/shadow": 0o644}),
    ("file.group", {"/etc/group": 0o664}),
    ("file.gshadow", {"/etc/gshadow": 0o644}),
    ("file.sshd_config", {SSH: 0o666}),
    ("file.sudoers", {SUDO: 0o644}),
    ("file.host_keys", {"/etc/ssh/ssh_host_ed25519_key": 0o644}),
    ("file.cron", {"/etc/crontab": 0o666}),
    ("file.system_programs", {"/usr/sbin/sshd": 0o777}),
    ("file.world_writable_etc", {"/etc/hosts": "x", "/etc/fstab": 0o666}),
    ("file.tmp_sticky", {"/tmp": 0o777}),
    ("file.ssh_keys_private", {"/home/ops/.ssh/authorized_keys": 0o666}),
    ("access.umask", {"/etc/login.defs": LOGIN_DEFS.replace("UMASK 027", "UMASK 002")}),
    ("access.create_home", {"/etc/login.defs": LOGIN_DEFS.replace("UMASK 027", "UMASK 027\nHOME_MODE 0755")}),
    ("sudo.no_blank_cheque", {"/etc/sudoers.d/ops": "ops ALL=(ALL) NOPASSWD: ALL\n"}),
    ("sudo.no_blank_cheque", {"/etc/sudoers.d/ops": "ops ALL=(ALL) \\\n NOPASSWD: ALL\n"}),
    ("sudo.authenticates", {"/etc/sudoers.d/ops": "Defaults !authenticate\n"}),
    ("sudo.logs", {"/etc/sudoers.d/ops": "Defaults !syslog\n"}),
    ("sudo.everyone_not_root", {"/etc/sudoers.d/ops": "ALL ALL=(ALL) ALL\n"}),
    ("access.boot_loader_protected", {"/boot/grub/grub.cfg": "set timeout=5\n"}),
    ("access.mandatory_labels", {"/etc/selinux/config": "SELINUX=permissive\n"}),
    ("audit.daemon", {"/etc/systemd/system/multi-user.target.wants/auditd.service": None}),
    ("audit.daemon", {"/etc/systemd/system/auditd.service": ("link", "/dev/null")}),
    ("audit.logger", {"/etc/systemd/system/multi-user.target.wants/rsyslog.service": None}),
    ("audit.identity_changes", no_rule("/etc/shadow")),
    ("audit.identity_changes", {RULES: AUDIT_RULES.replace("-w /etc/shadow -p wa", "-w /etc/shadow -p r")}),
    ("audit.privilege_changes", no_rule("/etc/sudoers.d")),
    ("audit.permission_changes", no_rule("chmod")),
    ("audit.time_changes", no_rule("adjtimex")),
    ("audit.deletions", no_rule("unlink")),
    ("audit.commands", no_rule("execve")),
    ("audit.kernel_modules", no_rule("init_module")),
    ("audit.not_suppressed", {RULES: "-a never,task\n" + AUDIT_RULES}),
    ("audit.immutable", {RULES: AUDIT_RULES.replace("-e 2", "-e 1")}),
    ("audit.keeps_logs", {CONF: "max_log_file_action = IGNORE\nnum_logs = 8\n"}),
    ("audit.keeps_logs", {CONF: "max_log_file_action = ROTATE\nnum_logs = 2\n"}),
    ("audit.full_disk", {CONF: "space_left_action = IGNORE\n"}),
    ("audit.log_mode", {"/var/log/audit": 0o755}),
    ("audit.forwarded", {"/etc/rsyslog.d/remote.conf": "*.* @127.0.0.1\n# *.* @@logs.example\n"}),
    ("audit.log_files_private", {"/var/log/messages": 0o666}),
    ("audit.rotation", {"/etc/logrotate.conf": "weekly\nrotate 4\n"}),
    ("service.nis", enabled("ypserv.service")),
    ("service.tftp", enabled("tftpd-hpa.service")),
    ("service.finger_talk", {"/etc/inetd.conf": "finger stream tcp nowait nobody /usr/sbin/in.fingerd\n"}),
    ("service.avahi", enabled("avahi-daemon.service")),
    ("service.printing", enabled("cups.service")),
    ("service.rpcbind", enabled("rpcbind.socket")),
    ("service.nfs_exports", {**enabled("nfs-server.service"), "/etc/exports": "/srv *(rw)\n"}),
    ("service.samba_guests", {**enabled("smbd.service"), "/etc/samba/smb.conf": "[x]\nguest ok = yes\n"}),
    ("service.snmp_community", {**enabled("snmpd.service"), "/etc/snmp/snmpd.conf": "rocommunity public\n"}),
    ("service.desktop", enabled("gdm3.service")),
    ("service.container_socket", {"/etc/docker/daemon.json": '{"hosts": ["tcp://0.0.0.0:2375"]}'}),
    ("software.attack_tools", {"/var/lib/dpkg/status": "Package: nmap\nStatus: install ok installed\nVersion: 1\n"}),
    ("firewall.on", {"/etc/nftables.conf": "table inet f { chain input { type filter hook input priority 0; } }\n"}),
    ("firewall.on", {"/etc/systemd/system/multi-user.target.wants/nftables.service": None}),
    ("time.synchronised", {"/etc/chrony/chrony.conf": "# pool x\n"}),
    ("software.security_updates", {LISTS: "Package: openssl\nVersion: 3.0.15-1~deb12u2\n"}),
    ("software.update_service", {"/etc/apt/apt.conf.d/20auto": 'APT::Periodic::Unattended-Upgrade "0";\n'}),
    ("software.archive_signed", {"/etc/apt/sources.list": "deb [trusted=yes] http://x/debian bookworm main\n"}),
    ("malware.engine", {"/etc/systemd/system/multi-user.target.wants/clamav-daemon.service": None}),
    ("malware.signatures", {"/var/lib/clamav/daily.cvd": "ClamAV-VDB:20 Apr 2026 08-00 -0400:1:1:90:x".ljust(512)}),
    ("integrity.detector", {"/var/lib/aide/aide.db": None}),
    ("trusted.measured", {"/etc/ima/ima-policy": "# measure\n"}),
    ("backup.job", {"/etc/crontab": "# restic\n"}),
    ("kernel.aslr", sysctl("randomize_va_space = 2", "randomize_va_space = 0")),
    ("kernel.syn_cookies", sysctl("tcp_syncookies=1", "tcp_syncookies=0")),
    ("kernel.redirects", sysctl("default.accept_redirects = 0", "default.accept_redirects = 1")),
    ("kernel.source_route", sysctl("all.accept_source_route = 0", "all.accept_source_route = 1")),
    ("kernel.forwarding", {SYS: SYSCTL, "/etc/sysctl.conf": "net.ipv4.ip_forward=1\n"}),
    ("kernel.core_dumps", sysctl("suid_dumpable = 0", "suid_dumpable = 2")),
    ("kernel.protected_links", sysctl("protected_symlinks = 1", "protected_symlinks = 0")),
    ("kernel.log_restricted", {SYS: SYSCTL, "/etc/sysctl.d/99-x.conf": "kernel/dmesg_restrict = 0\n"}),
    ("kernel.reverse_path", sysctl("rp_filter = 1", "rp_filter = 0")),
    ("mount.tmp_options", {"/etc/fstab": "tmpfs /tmp tmpfs rw 0 0\n"}),
]  # fmt: skip
LIVE: list[tuple[str, Change, Change]] = [
    ("port.dangerous", {"/proc/net/tcp": TCP}, {"/proc/net/tcp": TCP.replace("00000000:0016", "00000000:18EB")}),
    ("port.dangerous", {"/proc/net/tcp": TCP, "/proc/net/udp": "h\n"},
     {"/proc/net/tcp": TCP, "/proc/net/udp": "h\n 1: 00000000:0089 00000000:0000 07\n"}),
    ("remote.no_clear_port", {"/proc/net/tcp": TCP}, {"/proc/net/tcp": TCP.replace("00000000:0016", "00000000:0017")}),
    ("trusted.secure_boot", {"/sys/firmware/efi/efivars/SecureBoot-8be4": b"\x06\0\0\0\x01"},
     {"/sys/firmware/efi/efivars/SecureBoot-8be4": b"\x06\0\0\0\x00"}),
    ("audit.daemon", {"/proc/7/comm": "auditd\n"}, {"/proc/7/comm": "bash\n"}),
    ("time.synchronised", {"/proc/7/comm": "chronyd\n"}, {"/proc/7/comm": "bash\n"}),
]  # fmt: skip
MISSING: list[tuple[str, list[str]]] = [
    ("identity.unique_uid", ["/etc/passwd"]), ("identity.no_empty_password", ["/etc/shadow"]),
    ("password.max_days", ["/etc/shadow"]),
    ("password.quality_enforced", ["/etc/pam.d/common-password"]), ("lockout.", ["/etc/pam.d/common-auth"]),
    ("ssh.", ["/etc/ssh/sshd_config"]), ("sudo.", ["/etc/sudoers"]), ("file.shadow", ["/etc/shadow"]),
    ("audit.immutable", ["/etc/audit/rules.d/audit.rules"]), ("audit.full_disk", ["/etc/audit/auditd.conf"]),
    ("kernel.", ["/etc/sysctl.d/60-hard.conf"]), ("software.security_updates", [LISTS]),
    ("software.attack_tools", ["/var/lib/dpkg/status"]), ("port.", []), ("trusted.secure_boot", []),
]  # fmt: skip


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("good"), DEBIAN)


def test_a_good_debian_host_fails_no_check(good: Path) -> None:
    verdicts = {finding.check.id: finding.outcome.verdict for finding in run_checks(host(good))}
    assert {name for name, verdict in verdicts.items() if verdict is Verdict.NON_COMPLIANT} == set()
    assert sum(verdict is Verdict.COMPLIANT for verdict in verdicts.values()) > 110


def test_a_good_rhel_host_fails_no_check_but_its_package_database(tmp_path: Path) -> None:
    verdicts = {f.check.id: f.outcome.verdict for f in run_checks(host(build(tmp_path, RHEL)))}
    failed = {name for name, verdict in verdicts.items() if verdict is Verdict.NON_COMPLIANT}
    assert failed == {"software.update_service"}
    assert verdicts["lockout.locks"] is Verdict.COMPLIANT


@pytest.mark.parametrize(("check_id", "change"), BAD, ids=[f"{n}-{name}" for n, (name, _) in enumerate(BAD)])
def test_one_wrong_thing_is_found(check_id: str, change: Change, good: Path, tmp_path: Path) -> None:
    bad = outcome(build(tmp_path, DEBIAN, change), check_id)
    assert bad.verdict is Verdict.NON_COMPLIANT
    assert bad.evidence
    assert outcome(good, check_id).verdict in (Verdict.COMPLIANT, Verdict.NOT_APPLICABLE)


@pytest.mark.parametrize(("check_id", "right", "wrong"), LIVE)
def test_what_only_the_running_host_shows(check_id: str, right: Change, wrong: Change, tmp_path: Path) -> None:
    for change, verdict in ((right, Verdict.COMPLIANT), (wrong, Verdict.NON_COMPLIANT)):
        root = build(tmp_path / verdict, DEBIAN, change)
        assert outcome(root, check_id, live=True).verdict is verdict


@pytest.mark.parametrize(("prefix", "removed"), MISSING)
def test_what_cannot_be_read_is_not_obtained(prefix: str, removed: list[str], tmp_path: Path) -> None:
    root = build(tmp_path, DEBIAN, dict.fromkeys(removed))
    named = [one for one in all_checks() if one.id == prefix or (prefix.endswith(".") and one.id.startswith(prefix))]
    assert named
    for one in named:
        assert run_check(one, host(root)).verdict is Verdict.NOT_OBTAINED, one.id


def test_every_check_has_a_bad_state_here() -> None:
    tested = {name for name, *_ in BAD} | {name for name, *_ in LIVE}
    assert {one.id for one in all_checks()} == tested


def test_an_empty_tree_proves_nothing(tmp_path: Path) -> None:
    assert {finding.outcome.verdict for finding in run_checks(host(tmp_path))} == {Verdict.NOT_OBTAINED}


def test_ages_do_not_apply_where_no_password_opens_an_account(tmp_path: Path) -> None:
    root = build(tmp_path, DEBIAN, {"/etc/shadow": SHADOW.replace(HASH, "!")})
    for check_id in ("password.max_days", "password.changed_in_time"):
        assert outcome(root, check_id).verdict is Verdict.NOT_APPLICABLE


def test_no_hash_or_secret_is_shown(good: Path, tmp_path: Path) -> None:
    change: Change = {
        "/etc/crontab": "0 1 * * * root mysqldump -pS3cret9 db\n",
        "/etc/passwd": PASSWD.replace("ops:x", f"ops:{HASH}"),
    }
    for root in (good, build(tmp_path, DEBIAN, change)):
        for finding in run_checks(host(root)):
            shown = " ".join(f"{p.source} {p.text}" for p in finding.outcome.evidence)
            assert HASH not in shown
            assert "S3cret9" not in shown
            assert "grub.pbkdf2" not in shown


@pytest.mark.parametrize("language", Language)
def test_every_check_has_words(language: Language, good: Path) -> None:
    with use_language(language):
        for one in all_checks():
            reason = Finding(one, run_check(one, host(good))).reason
            assert "ops.baseline" not in reason + one.title
            assert one.items
            assert all(item.startswith("8.1.") for item in one.items)
