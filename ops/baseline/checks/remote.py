"""Remote administration over SSH (8.1.4.1b, c, d; 8.1.4.4c; 8.1.5.4b) and clear-text ways in."""

from __future__ import annotations

from collections.abc import Callable

from ops.baseline.host import Host
from ops.baseline.outcome import Outcome, decide, passed, proof
from ops.baseline.registry import check
from ops.baseline.settings_file import Setting
from ops.baseline.sshd import seconds

WEAK_CIPHERS = ("3des", "arcfour", "blowfish", "cast128", "-cbc", "none", "des")
WEAK_MACS = ("md5", "umac-64", "sha1-96", "hmac-ripemd160", "none")
WEAK_EXCHANGES = ("diffie-hellman-group1-", "diffie-hellman-group-exchange-sha1", "gss-group1", "rsa1024")

EVERYWHERE = ("0.0.0.0", "::", "*", "[::]")  # noqa: S104 - looked for, not bound


def _is(*values: str) -> Callable[[Setting], bool]:
    return lambda setting: setting.value.lower() in values


def _judge(host: Host, key: str, good: Callable[[Setting], bool], **detail: object) -> Outcome:
    right, shown = host.sshd.worst(key, good)
    values = ", ".join(setting.value for setting in shown)
    return decide(right, *(setting.proof for setting in shown), value=values, **detail)


@check("ssh.root_login", "8.1.4.1a", "8.1.4.2b")
def root_login(host: Host) -> Outcome:
    """root does not log in with a password from afar."""
    good = _is("no", "prohibit-password", "without-password", "forced-commands-only")
    return _judge(host, "permitrootlogin", good)


@check("ssh.empty_passwords", "8.1.4.1a")
def empty_passwords(host: Host) -> Outcome:
    """SSH refuses empty passwords."""
    return _judge(host, "permitemptypasswords", _is("no"))


@check("ssh.max_tries", "8.1.4.1b")
def max_tries(host: Host) -> Outcome:
    """A connection ends after few failures."""
    most = host.limits.lock_attempts
    return _judge(host, "maxauthtries", lambda s: s.number is not None and 0 < s.number <= most, most=most)


@check("ssh.idle", "8.1.4.1b")
def idle(host: Host) -> Outcome:
    """Dead or idle connections are ended (an interval of 0, or a count of 0, never ends one)."""
    interval, count = host.sshd.get("clientaliveinterval"), host.sshd.get("clientalivecountmax")
    every, times = seconds(interval.value), count.number
    total = every * times if every is not None and times is not None else None
    most = host.limits.idle_seconds
    good = total is not None and 0 < total <= most
    return decide(good, interval.proof, count.proof, seconds=total, most=most)


@check("ssh.login_grace", "8.1.4.1b")
def login_grace(host: Host) -> Outcome:
    """A login that is not finished is cut off."""
    good = lambda s: (value := seconds(s.value)) is not None and 0 < value <= 120  # noqa: E731
    return _judge(host, "logingracetime", good)


@check("ssh.host_based", "8.1.4.1a")
def host_based(host: Host) -> Outcome:
    """No login by trusting another host."""
    return _judge(host, "hostbasedauthentication", _is("no"))


@check("ssh.rhosts", "8.1.4.1a")
def rhosts(host: Host) -> Outcome:
    """rhosts files are ignored."""
    return _judge(host, "ignorerhosts", _is("yes", "shosts-only"))


@check("ssh.user_environment", "8.1.4.2d")
def user_environment(host: Host) -> Outcome:
    """Users do not set the environment of their session."""
    return _judge(host, "permituserenvironment", _is("no"))


@check("ssh.strict_modes", "8.1.4.2f")
def strict_modes(host: Host) -> Outcome:
    """SSH refuses key files others can write."""
    return _judge(host, "strictmodes", _is("yes"))


@check("ssh.uses_pam", "8.1.4.1b")
def uses_pam(host: Host) -> Outcome:
    """SSH logins go through PAM, so that lockout and quality hold."""
    return _judge(host, "usepam", _is("yes"))


@check("ssh.log_level", "8.1.4.3a")
def log_level(host: Host) -> Outcome:
    """Logins are logged."""
    good = _is("info", "verbose", "debug", "debug1", "debug2", "debug3")
    return _judge(host, "loglevel", good)


@check("ssh.protocol", "8.1.4.1c", "8.1.5.4b")
def protocol(host: Host) -> Outcome:
    """Protocol 1 is off."""
    found = host.sshd.all("protocol")
    old = [setting for setting in found if "1" in setting.value.split(",")]
    shown = [setting.proof for setting in old or found] or [
        proof("/etc/ssh/sshd_config", "Protocol is not set: 2 only")
    ]
    return decide(not old, *shown)


def _algorithms(host: Host, key: str, weak: tuple[str, ...]) -> Outcome:
    setting = next(iter(host.sshd.all(key)), None)
    if setting is None:
        return passed(proof("/etc/ssh/sshd_config", f"{key} is not set: built-in list"), weak="")
    added = setting.value.lstrip("+^")
    names = [] if setting.value.startswith("-") else [name.strip().lower() for name in added.split(",")]
    bad = [name for name in names if any(part in name for part in weak)]
    return decide(not bad, setting.proof, weak=", ".join(bad))


@check("ssh.ciphers", "8.1.4.1c", "8.1.5.4b", "8.1.2.2b")
def ciphers(host: Host) -> Outcome:
    """No weak cipher is offered."""
    return _algorithms(host, "ciphers", WEAK_CIPHERS)


@check("ssh.macs", "8.1.4.1c", "8.1.5.4b", "8.1.2.2a")
def macs(host: Host) -> Outcome:
    """No weak integrity algorithm is offered."""
    return _algorithms(host, "macs", WEAK_MACS)


@check("ssh.key_exchange", "8.1.4.1c", "8.1.5.4b", "8.1.2.2b")
def key_exchange(host: Host) -> Outcome:
    """No weak key exchange is offered."""
    return _algorithms(host, "kexalgorithms", WEAK_EXCHANGES)


@check("ssh.source_limited", "8.1.4.4c")
def source_limited(host: Host) -> Outcome:
    """Administration comes only from named addresses, users or groups."""
    limits = [s for key in ("allowusers", "allowgroups", "denyusers") for s in host.sshd.all(key)]
    addressed = [s for s in limits if "@" in s.value]
    listens = [s for s in host.sshd.all("listenaddress") if not s.value.startswith(EVERYWHERE)]
    wrapped = _wrapped(host)
    matched = [s for condition, s in host.sshd.matched if "address" in condition.lower()]
    shown = [s.proof for s in [*addressed, *listens, *matched]] + wrapped
    good = bool(addressed or listens or wrapped)
    return decide(good, *(shown or [proof("/etc/ssh/sshd_config", "no source is limited")]))


def _wrapped(host: Host) -> list:  # type: ignore[type-arg]
    deny = host.tree.read("/etc/hosts.deny") or ""
    for number, line in enumerate(deny.splitlines(), 1):
        bare = line.split("#", 1)[0].replace(" ", "").lower()
        if bare.startswith(("all:all", "sshd:all")) and _tcp_wrappers(host):
            return [proof("/etc/hosts.deny", line, number)]
    return []


def _tcp_wrappers(host: Host) -> bool:
    """Debian and its family still build sshd with libwrap; RHEL's does not read hosts.deny."""
    return host.debian_like


@check("remote.no_telnet", "8.1.4.1c", "8.1.5.4b")
def no_telnet(host: Host) -> Outcome:
    """Telnet is not offered."""
    return _off(host, "telnet", "telnet.socket", "telnet", "telnetd", "inetutils-telnetd")


@check("remote.no_rsh", "8.1.4.1c", "8.1.5.4b")
def no_rsh(host: Host) -> Outcome:
    """rsh, rlogin and rexec are not offered."""
    return _off(host, "rsh", "rsh.socket", "rlogin.socket", "rexec.socket", "shell", "login", "exec")


@check("remote.no_ftp", "8.1.4.1c", "8.1.4.4b")
def no_ftp(host: Host) -> Outcome:
    """FTP is not offered."""
    return _off(host, "ftp", "vsftpd", "proftpd", "pure-ftpd", "ftp")


def _off(host: Host, what: str, *names: str) -> Outcome:
    found = host.service(*names)
    shown = found.proofs or (proof("/etc/systemd/system", f"{what} is not installed"),)
    return decide(not found.starts, *shown, name=what)


@check("remote.no_clear_port", "8.1.4.1c", "8.1.5.4b")
def no_clear_port(host: Host) -> Outcome:
    """No clear-text administration port is open to other hosts."""
    bad = [
        s for s in host.listening if s.port in (21, 23, 512, 513, 514) and s.protocol.startswith("tcp") and s.reachable
    ]
    shown = [socket.proof for socket in bad] or [proof("/proc/net/tcp", f"{len(host.listening)} sockets looked at")]
    return decide(not bad, *shown, ports=", ".join(str(s.port) for s in bad))
