"""Access rights (8.1.4.2): sensitive files, sudo, umask, key files."""

from __future__ import annotations

import re

from ops.baseline.host import Host
from ops.baseline.outcome import NotApplicableError, NotObtainedError, Outcome, Proof, decide, failed, passed, proof
from ops.baseline.registry import check
from ops.baseline.settings_file import assignments, last


def _mode(host: Host, path: str, most: int) -> Outcome:
    """Owned by root and no permission beyond ``most``."""
    status = host.tree.status(path)
    if status is None:
        raise NotObtainedError(path, "does not exist")
    good = status.uid == 0 and not status.mode & ~most
    shown = proof(path, f"owner {status.uid}:{status.gid}, mode {status.mode:04o}")
    return decide(good, shown, path=path, most=f"{most:04o}")


@check("file.passwd", "8.1.4.2f")
def passwd_mode(host: Host) -> Outcome:
    """passwd is root's and writable by nobody else."""
    return _mode(host, "/etc/passwd", 0o644)


@check("file.shadow", "8.1.4.2f", "8.1.4.8b")
def shadow_mode(host: Host) -> Outcome:
    """shadow cannot be read by users."""
    return _mode(host, "/etc/shadow", 0o640)


@check("file.group", "8.1.4.2f")
def group_mode(host: Host) -> Outcome:
    """group is root's and writable by nobody else."""
    return _mode(host, "/etc/group", 0o644)


@check("file.gshadow", "8.1.4.2f")
def gshadow_mode(host: Host) -> Outcome:
    """gshadow cannot be read by users."""
    return _mode(host, "/etc/gshadow", 0o640)


@check("file.sshd_config", "8.1.4.2f")
def sshd_config_mode(host: Host) -> Outcome:
    """The SSH server's settings are root's and writable by nobody else."""
    _ = host.sshd
    return _mode(host, "/etc/ssh/sshd_config", 0o644)


@check("file.sudoers", "8.1.4.2f")
def sudoers_mode(host: Host) -> Outcome:
    """The sudo policy is root's and not writable."""
    _ = host.sudoers
    return _mode(host, "/etc/sudoers", 0o440)


@check("file.host_keys", "8.1.4.2f", "8.1.4.8b")
def host_keys(host: Host) -> Outcome:
    """Private host keys cannot be read by users."""
    _ = host.sshd
    keys = host.tree.glob("/etc/ssh/ssh_host_*_key")
    if not keys:
        raise NotObtainedError("/etc/ssh", "no host key is there")
    bad = []
    for path in keys:
        status = host.tree.status(path)
        if status is None or status.uid != 0 or status.mode & 0o027:
            bad.append(proof(path, f"mode {status.mode:04o}" if status else "unreadable"))
    return decide(not bad, *(bad or [proof(path, "private") for path in keys]))


@check("file.cron", "8.1.4.2f")
def cron_files(host: Host) -> Outcome:
    """What cron runs as root cannot be changed by others."""
    paths = [p for p in ("/etc/crontab", "/etc/cron.d", "/etc/cron.daily", "/etc/cron.hourly", "/etc/cron.weekly",
                         "/etc/cron.monthly") if host.tree.exists(p)]  # fmt: skip
    paths += [f"/etc/cron.d/{name}" for name in host.tree.names("/etc/cron.d")]
    if not paths:
        raise NotApplicableError("cron")
    return _no_foreign_write(host, paths)


@check("file.system_programs", "8.1.4.2f")
def system_programs(host: Host) -> Outcome:
    """Programs and unit files in system folders cannot be changed by others."""
    folders = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/etc/systemd/system")
    paths = [f"{folder}/{name}" for folder in folders for name in host.tree.names(folder)]
    if not paths:
        raise NotObtainedError("/usr/bin", "holds nothing")
    return _no_foreign_write(host, paths)


def _no_foreign_write(host: Host, paths: list[str]) -> Outcome:
    bad: list[Proof] = []
    for path in paths:
        status = host.tree.status(path)
        if status and (status.mode & 0o022 or status.uid != 0):
            bad.append(proof(path, f"owner {status.uid}, mode {status.mode:04o}"))
    return decide(not bad, *(bad or [proof(paths[0], f"{len(paths)} entries looked at")]), count=len(bad))


@check("file.world_writable_etc", "8.1.4.2f")
def world_writable_etc(host: Host) -> Outcome:
    """Nothing directly below /etc is writable by everyone."""
    bad = []
    names = host.tree.names("/etc")
    for name in names:
        status = host.tree.status(f"/etc/{name}")
        if status and status.mode & 0o002 and (status.is_file or status.is_folder):
            bad.append(proof(f"/etc/{name}", f"mode {status.mode:04o}"))
    return decide(bool(names) and not bad, *(bad or [proof("/etc", f"{len(names)} entries looked at")]))


@check("file.tmp_sticky", "8.1.4.2f")
def tmp_sticky(host: Host) -> Outcome:
    """In shared folders users delete only their own files."""
    bad, shown = [], []
    for path in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108 - looked at, not used
        status = host.tree.status(path)
        if status and status.is_folder:
            seen = proof(path, f"mode {status.mode:04o}")
            shown.append(seen)
            if status.mode & 0o002 and not status.mode & 0o1000:
                bad.append(seen)
    if not shown:
        raise NotObtainedError("/tmp", "does not exist")  # noqa: S108 - looked at, not used
    return decide(not bad, *(bad or shown))


@check("file.ssh_keys_private", "8.1.4.2f")
def authorized_keys(host: Host) -> Outcome:
    """Nobody else can change the keys that open an account."""
    bad, seen = [], 0
    for account in host.people():
        for name in ("", "/authorized_keys"):
            path = f"{account.home}/.ssh{name}"
            status = host.tree.status(path) if account.home.startswith("/") else None
            if status is None:
                continue
            seen += 1
            if status.mode & 0o022 or status.uid not in (0, account.uid):
                bad.append(proof(path, f"owner {status.uid}, mode {status.mode:04o}"))
    return decide(not bad, *(bad or [proof("/etc/passwd", f"{seen} key folders and files looked at")]))


@check("access.umask", "8.1.4.2f")
def umask(host: Host) -> Outcome:
    """New files are not writable by others, by default of login.defs."""
    setting = host.login_def("UMASK")
    if setting is None or not re.fullmatch(r"0?[0-7]{3}", setting.value):
        return failed(proof("/etc/login.defs", "UMASK is not set or malformed"))
    return decide(int(setting.value, 8) & 0o022 == 0o022, setting.proof)


@check("access.create_home", "8.1.4.2a")
def create_home(host: Host) -> Outcome:
    """Home folders are made private (HOME_MODE or UMASK)."""
    home, mask = host.login_def("HOME_MODE"), host.login_def("UMASK")
    if home and re.fullmatch(r"0?[0-7]{3}", home.value):
        return decide(not int(home.value, 8) & 0o027, home.proof)
    if mask and re.fullmatch(r"0?[0-7]{3}", mask.value):
        return decide(int(mask.value, 8) & 0o027 == 0o027, mask.proof)
    return failed(proof("/etc/login.defs", "neither HOME_MODE nor UMASK is set"))


@check("sudo.no_blank_cheque", "8.1.4.2d")
def no_blank_cheque(host: Host) -> Outcome:
    """Nobody may run everything without giving a password."""
    grants = host.sudoers.grants
    bad = [line for line in grants if re.search(r"NOPASSWD:\s*(?:\w+:\s*)*ALL\b", line.text)]
    return decide(not bad, *(line.proof for line in bad or grants))


@check("sudo.authenticates", "8.1.4.2d")
def authenticates(host: Host) -> Outcome:
    """sudo asks who is there."""
    state, shown = host.sudoers.switched("authenticate")
    proofs = [line.proof for line in shown] or [proof("/etc/sudoers", "authenticate is on by default")]
    return decide(state is not False, *proofs)


@check("sudo.logs", "8.1.4.3a", "8.1.5.1a")
def sudo_logs(host: Host) -> Outcome:
    """sudo keeps a record of commands (syslog by default)."""
    state, shown = host.sudoers.switched("syslog")
    file = [line for line in host.sudoers.defaults if re.search(r"(?<!!)\blogfile\s*=", line.text)]
    proofs = [line.proof for line in [*shown, *file]] or [proof("/etc/sudoers", "syslog is on by default")]
    return decide(state is not False or bool(file), *proofs)


@check("sudo.everyone_not_root", "8.1.4.2d")
def everyone_not_root(host: Host) -> Outcome:
    """No rule gives everyone everything."""
    grants = host.sudoers.grants
    bad = [
        line for line in grants if re.match(r"(ALL|%users)\s+ALL\s*=\s*(\([^)]*\)\s*)?(NOPASSWD:\s*)?ALL\b", line.text)
    ]
    bad = [line for line in bad if host.sudoers.switched("targetpw")[0] is not True]
    return decide(not bad, *(line.proof for line in bad or grants))


@check("access.boot_loader_protected", "8.1.4.2a")
def boot_loader(host: Host) -> Outcome:
    """Changing boot parameters needs a password."""
    paths = [p for p in ("/boot/grub/grub.cfg", "/boot/grub2/grub.cfg", "/boot/grub2/user.cfg") if host.tree.exists(p)]
    if not paths:
        raise NotApplicableError("GRUB")
    for path in paths:
        for number, line in enumerate(host.tree.need(path).splitlines(), 1):
            if re.match(r"\s*(password_pbkdf2\s+\S+|GRUB2_PASSWORD=)", line):
                return passed(proof(path, line.split("grub.pbkdf2")[0] + "<hash>", number))
    return failed(proof(paths[0], "no password is set"))


@check("access.mandatory_labels", "8.1.4.2g")
def mandatory(host: Host) -> Outcome:
    """Mandatory access control is switched on (labels still need a person to judge)."""
    text = host.tree.read("/etc/selinux/config")
    if text is not None:
        setting = last(assignments(text, "/etc/selinux/config"), "SELINUX")
        good = setting is not None and setting.value.lower() == "enforcing"
        return decide(good, setting.proof if setting else proof("/etc/selinux/config", "SELINUX is not set"))
    found = host.service("apparmor")
    proofs = found.proofs or (proof("/etc/systemd/system", "neither SELinux nor AppArmor is there"),)
    return decide(found.starts, *proofs)
