"""Trees of hosts built file by file, from how each distribution really lays them out."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ops.baseline.host import Host
from ops.baseline.outcome import Outcome
from ops.baseline.registry import all_checks, run_check
from ops.baseline.tree import HostTree

NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
TODAY = int(NOW.timestamp() // 86_400)
HASH = "$y$j9T$abcdefghijkl$0123456789abcdefghijkl"
Change = dict[str, "str | bytes | int | tuple[str, str] | None"]
"""New text of a file; None removes it; a number sets its mode; ("link", target) makes a link."""

PASSWD = """root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
games:x:5:60:games:/usr/games:/usr/sbin/nologin
ops:x:1000:1000::/home/ops:/bin/bash
"""
SHADOW = f"""root:!:{TODAY - 300}:0:99999:7:::
daemon:*:{TODAY - 300}:0:99999:7:::
games:*:{TODAY - 300}:0:99999:7:::
ops:{HASH}:{TODAY - 20}:1:90:7:30::
"""
GROUP = "root:x:0:\ndaemon:x:1:\nshadow:x:42:\ngames:x:60:\nwheel:x:10:ops\nops:x:1000:\n"
LOGIN_DEFS = """# comment
PASS_MAX_DAYS\t90
PASS_MIN_DAYS 1
PASS_WARN_AGE 7
UID_MIN 1000
UMASK 027
ENCRYPT_METHOD YESCRYPT
"""
SSHD = """Port 22
PermitRootLogin no
MaxAuthTries 4
LoginGraceTime 60
ClientAliveInterval 300
ClientAliveCountMax 3
UsePAM yes
PubkeyAuthentication no
AuthenticationMethods publickey,keyboard-interactive
AllowUsers ops@10.0.0.0/8
LogLevel VERBOSE
Ciphers aes256-gcm@openssh.com,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com
KexAlgorithms curve25519-sha256
Protocol 2
HostbasedAuthentication no
IgnoreRhosts yes
PermitUserEnvironment no
StrictModes yes
PermitEmptyPasswords no
"""
DEBIAN_AUTH = """auth required pam_faillock.so preauth
auth [success=1 default=ignore] pam_unix.so
auth [default=die] pam_faillock.so authfail
auth sufficient pam_faillock.so authsucc
auth requisite pam_deny.so
auth required pam_permit.so
"""
DEBIAN_PASSWORD = """password requisite pam_pwquality.so retry=3
password required pam_pwhistory.so remember=5 use_authtok
password [success=1 default=ignore] pam_unix.so obscure use_authtok yescrypt
password requisite pam_deny.so
password required pam_permit.so
"""
RHEL_AUTH = """auth required pam_env.so
auth required pam_faillock.so preauth silent
auth sufficient pam_unix.so
auth required pam_faillock.so authfail
auth required pam_deny.so
"""
RHEL_PASSWORD = """password requisite pam_pwquality.so local_users_only
password required pam_pwhistory.so use_authtok remember=5
password sufficient pam_unix.so sha512 shadow use_authtok
password required pam_deny.so
"""
AUDIT_RULES = """-D
-b 8192
-w /etc/passwd -p wa -k identity
-w /etc/shadow -p wa -k identity
-w /etc/group -p wa -k identity
-w /etc/gshadow -p wa -k identity
-w /etc/sudoers -p wa -k scope
-w /etc/sudoers.d/ -p wa -k scope
-a always,exit -F arch=b64 -S chmod,fchmodat -S chown -S fchownat -F auid>=1000 -k perm
-a always,exit -F arch=b64 -S adjtimex,settimeofday -S clock_settime -k time
-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F auid>=1000 -k delete
-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0 -k priv
-a always,exit -F arch=b64 -S init_module,delete_module -k modules
-e 2
"""
SYSCTL = """kernel.randomize_va_space = 2
net.ipv4.tcp_syncookies=1
net.ipv4.conf.all.accept_redirects = 0
net.ipv4.conf.default.accept_redirects = 0
net.ipv4.conf.all.accept_source_route = 0
net.ipv4.conf.default.accept_source_route = 0
net.ipv4.ip_forward = 0
fs.suid_dumpable = 0
fs.protected_hardlinks = 1
fs.protected_symlinks = 1
kernel.dmesg_restrict = 1
net.ipv4.conf.all.rp_filter = 1
"""
TCP = """  sl  local_address rem_address   st
   0: 00000000:0016 00000000:0000 0A
   1: 0100007F:1F90 00000000:0000 0A
   2: 0100007F:0017 00000000:0000 0A
   3: 0A00000A:0016 0B00000A:C001 01
"""
DPKG = """Package: openssl
Status: install ok installed
Version: 3.0.15-1~deb12u1

Package: aide
Status: install ok installed
Version: 0.18.3-1+deb12u3

Package: nmap
Status: deinstall ok config-files
Version: 7.93+dfsg1-1
"""
SECURITY_LIST = """Package: openssl
Version: 3.0.15-1~deb12u1

Package: bash
Version: 9
"""


def enabled(*units: str) -> Change:
    """Units that are installed and start with the host."""
    files: Change = {f"/usr/lib/systemd/system/{unit}": "[Unit]\n" for unit in units}
    for unit in units:
        files[f"/etc/systemd/system/multi-user.target.wants/{unit}"] = ("link", f"/usr/lib/systemd/system/{unit}")
    return files


COMMON: Change = {
    "/etc/passwd": PASSWD,
    "/etc/shadow": SHADOW,
    "/etc/group": GROUP,
    "/etc/gshadow": "root:*::\n",
    "/etc/login.defs": LOGIN_DEFS,
    "/etc/profile.d/tmout.sh": "export TMOUT=900\n",
    "/etc/security/faillock.conf": "deny = 5\nunlock_time = 900\n",
    "/etc/security/pwquality.conf": "minlen = 12\nminclass = 3\nenforce_for_root\n",
    "/usr/sbin/sshd": "",
    "/etc/ssh/sshd_config": SSHD,
    "/etc/ssh/ssh_host_ed25519_key": "private",
    "/usr/bin/sudo": "",
    "/etc/sudoers": "Defaults env_reset\nroot ALL=(ALL:ALL) ALL\n%wheel ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n",
    "/etc/sudoers.d/ops": "ops ALL=(root) NOPASSWD: /usr/bin/systemctl restart app\n",
    "/etc/audit/rules.d/audit.rules": AUDIT_RULES,
    "/etc/audit/auditd.conf": "max_log_file_action = ROTATE\nnum_logs = 8\nspace_left_action = SYSLOG\n",
    "/var/log/audit/audit.log": "x",
    "/var/log/messages": "x",
    "/var/log/lastlog": b"",
    "/etc/rsyslog.d/remote.conf": "*.* @@logs.example.gov.cn:6514\n",
    "/etc/logrotate.conf": "weekly\nrotate 30\n",
    "/etc/sysctl.d/60-hard.conf": SYSCTL,
    "/etc/fstab": "tmpfs /tmp tmpfs rw,nosuid,nodev,noexec 0 0\n",
    "/etc/crontab": "0 2 * * * root restic backup /srv\n",
    "/tmp/x": "",
    "/var/lib/clamav/daily.cvd": "ClamAV-VDB:20 May 2026 08-00 -0400:27000:1:90:x:x:x:1".ljust(512),
    "/home/ops/.ssh/authorized_keys": "ssh-ed25519 AAAA\n",
    "/boot/grub/grub.cfg": "set superusers=root\npassword_pbkdf2 root grub.pbkdf2.sha512.10000.AB\n",
    "/etc/ima/ima-policy": "measure func=BPRM_CHECK\n",
    "/etc/pam.d/su": "auth sufficient pam_rootok.so\nauth required pam_wheel.so use_uid\nauth required pam_unix.so\n",
    **enabled("auditd.service", "rsyslog.service", "clamav-daemon.service", "apparmor.service"),
}
DEBIAN: Change = {
    **COMMON,
    "/etc/os-release": "ID=debian\nVERSION_ID=12\n",
    "/etc/pam.d/common-auth": DEBIAN_AUTH,
    "/etc/pam.d/common-password": DEBIAN_PASSWORD,
    "/etc/pam.d/sshd": "@include common-auth\naccount required pam_nologin.so\n",
    "/etc/pam.d/login": "auth optional pam_faildelay.so delay=3000000\n@include common-auth\n",
    "/etc/pam.d/passwd": "@include common-password\n",
    "/var/lib/dpkg/status": DPKG,
    "/var/lib/aide/aide.db": "x",
    "/var/lib/apt/lists/deb_dists_bookworm-security_main_binary-amd64_Packages": SECURITY_LIST,
    "/etc/apt/apt.conf.d/20auto": 'APT::Periodic::Unattended-Upgrade "1";\n',
    "/etc/apt/sources.list": "deb http://deb.debian.org/debian bookworm main\n",
    "/etc/nftables.conf": "table inet f { chain input { type filter hook input priority 0; policy drop; } }\n",
    "/etc/chrony/chrony.conf": "pool ntp.ntsc.ac.cn iburst\n",
    **enabled("nftables.service", "chrony.service"),
    "/usr/lib/systemd/system/apt-daily-upgrade.timer": "[Timer]\n",
    "/etc/systemd/system/timers.target.wants/apt-daily-upgrade.timer": (
        "link",
        "/usr/lib/systemd/system/apt-daily-upgrade.timer",
    ),
}
RHEL: Change = {
    **COMMON,
    "/etc/os-release": 'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9"\n',
    "/etc/authselect/system-auth": RHEL_AUTH + RHEL_PASSWORD,
    "/etc/authselect/password-auth": RHEL_AUTH + RHEL_PASSWORD,
    "/etc/pam.d/system-auth": ("link", "/etc/authselect/system-auth"),
    "/etc/pam.d/password-auth": ("link", "/etc/authselect/password-auth"),
    "/etc/pam.d/sshd": "auth substack password-auth\nauth include postlogin\n",
    "/etc/pam.d/login": "auth substack system-auth\nauth include postlogin\n",
    "/etc/pam.d/postlogin": "session optional pam_umask.so\n",
    "/etc/pam.d/passwd": "password substack system-auth\n",
    "/etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=targeted\n",
    "/etc/yum.repos.d/base.repo": "[base]\ngpgcheck=1\n",
    "/etc/chrony.conf": "server ntp.ntsc.ac.cn iburst\n",
    "/etc/firewalld/firewalld.conf": "DefaultZone=public\n",
    **enabled("firewalld.service", "chronyd.service"),
}
MODES: Change = {
    "/etc/shadow": 0o640,
    "/etc/gshadow": 0o640,
    "/etc/sudoers": 0o440,
    "/etc/ssh/ssh_host_ed25519_key": 0o600,
    "/var/log/audit": 0o750,
    "/var/log/audit/audit.log": 0o600,
    "/tmp": 0o1777,
}


def build(root: Path, *changes: Change) -> Path:
    """Write the files; later changes override earlier ones."""
    files: Change = {}
    for change in changes:
        files.update({path: value for path, value in change.items() if not isinstance(value, int)})
    for path, value in files.items():
        _write(root / path.lstrip("/"), value)
    modes = {path: value for change in (MODES, *changes) for path, value in change.items() if isinstance(value, int)}
    for path, mode in modes.items():
        if (place := root / path.lstrip("/")).exists():
            place.chmod(mode)
    home = root / "home/ops"
    if os.geteuid() == 0 and home.exists():
        for place in (home, home / ".ssh", home / ".ssh/authorized_keys"):
            if place.exists():
                os.chown(place, 1000, 1000)
    stamp = NOW.timestamp()
    for place in (root / "var/lib/apt/lists").glob("*") if (root / "var/lib/apt/lists").exists() else []:
        os.utime(place, (stamp, stamp))
    return root


def _write(place: Path, value: object) -> None:
    if value is None:
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(value, tuple):
        place.symlink_to(value[1])
    elif isinstance(value, bytes):
        place.write_bytes(value)
    else:
        place.write_text(str(value), encoding="utf-8")
        place.chmod(0o755 if "/bin/" in str(place) or "/sbin/" in str(place) else 0o644)


def host(root: Path, *, live: bool = False) -> Host:
    """The host in the tree."""
    return Host(HostTree(root, live=live), NOW)


def outcome(root: Path, check_id: str, *, live: bool = False) -> Outcome:
    """The outcome of one check on the tree."""
    one = next(check for check in all_checks() if check.id == check_id)
    return run_check(one, host(root, live=live))
