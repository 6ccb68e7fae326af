"""Records of Linux hosts: authentication, accounts, schedules, services, kernel, packages."""

from __future__ import annotations

from collections.abc import Iterator

from tests.corpus.values import Values, Written, syslog


def sshd(v: Values) -> Iterator[Written]:
    """OpenSSH's own messages (auth.c, packet.c) and PAM's on its behalf."""
    user, ip, port = v.user(), v.ip(), v.port()
    at = {"user.name": user, "source.ip": ip, "source.port": port}
    lines = [
        (f"Failed password for {user} from {ip} port {port} ssh2", {**at, "event.outcome": "failure"}),
        (f"Failed password for invalid user {user} from {ip} port {port} ssh2", {**at, "event.outcome": "failure"}),
        (
            f"Accepted publickey for {user} from {ip} port {port} ssh2: RSA SHA256:abc",
            {**at, "event.outcome": "success"},
        ),
        (f"Accepted password for {user} from {ip} port {port} ssh2", {**at, "event.outcome": "success"}),
        (f"Invalid user {user} from {ip} port {port}", {**at, "event.outcome": "failure"}),
        (f"Connection closed by authenticating user {user} {ip} port {port} [preauth]", at),
        (f"Connection closed by {ip} port {port}", {"source.ip": ip, "source.port": port}),
        (f"Connection reset by {ip} port {port} [preauth]", {"source.ip": ip, "source.port": port}),
        (f"Disconnected from user {user} {ip} port {port}", at),
        (
            f"Received disconnect from {ip} port {port}:11: disconnected by user",
            {"source.ip": ip, "source.port": port, "event.reason": "disconnected by user"},
        ),
        (
            f"pam_unix(sshd:session): session opened for user {user}(uid=1000) by (uid=0)",
            {"user.name": user, "user.id": "1000", "event.action": "session-opened"},
        ),
        (f"pam_unix(sshd:session): session closed for user {user}", {"user.name": user}),
        (
            f"error: maximum authentication attempts exceeded for {user} from {ip} port {port} ssh2 [preauth]",
            {**at, "event.outcome": "failure"},
        ),
        (f"Did not receive identification string from {ip} port {port}", {"source.ip": ip, "source.port": port}),
        (
            f"Unable to negotiate with {ip} port {port}: no matching cipher found. Their offer: aes128-cbc [preauth]",
            {"source.ip": ip, "source.port": port, "event.outcome": "failure"},
        ),
        (
            f"message repeated 5 times: [ Failed password for {user} from {ip} port {port} ssh2]",
            {**at, "event.outcome": "failure"},
        ),
    ]
    for message, fields in lines:
        yield syslog("sshd", v.one("sshd", "sshd-session"), message, fields, v)


def sudo(v: Values) -> Iterator[Written]:
    """sudoers(5), log format."""
    user, target, folder, command = v.user(), v.user(), v.one("/root", "/home/a b"), v.command()
    fields = {
        "user.name": user,
        "user.effective.name": target,
        "process.working_directory": folder,
        "process.command_line": command,
    }
    head = f"   {user} : "
    tail = f"TTY=pts/3 ; PWD={folder} ; USER={target} ; COMMAND={command}"
    yield syslog("sudo", "sudo", head + tail, {**fields, "event.outcome": "success"}, v)
    for reason in ("command not allowed", "3 incorrect password attempts", "user NOT in sudoers"):
        failed = {**fields, "event.outcome": "failure", "event.reason": reason}
        yield syslog("sudo", "sudo", f"{head}{reason} ; {tail}", failed, v)
    opened = f"pam_unix(sudo:session): session opened for user {target}(uid=0) by {user}(uid=1000)"
    yield syslog("sudo", "sudo", opened, {"user.name": user, "user.effective.name": target, "user.id": "1000"}, v)


def su(v: Values) -> Iterator[Written]:
    """util-linux su.c and shadow's su."""
    user, target = v.user(), v.user()
    who = {"user.name": user, "user.effective.name": target}
    yield syslog("su", "su", f"(to {target}) {user} on pts/1", {**who, "event.outcome": "success"}, v)
    yield syslog("su", "su", f"FAILED SU (to {target}) {user} on pts/1", {**who, "event.outcome": "failure"}, v)
    yield syslog("su", "su", f"Successful su for {target} by {user}", {**who, "event.outcome": "success"}, v)


def accounts(v: Values) -> Iterator[Written]:
    """shadow's useradd, userdel, usermod, groupadd."""
    user, group, uid, gid = v.user(), v.one("ops", "docker", "wheel"), v.number(), v.number()
    lines = [
        (
            "useradd",
            f"new user: name={user}, UID={uid}, GID={gid}, home=/home/x, shell=/bin/bash, from=/dev/pts/0",
            {"user.target.name": user, "user.target.id": str(uid), "group.id": str(gid), "event.action": "user-added"},
        ),
        ("useradd", f"new group: name={group}, GID={gid}", {"group.name": group, "group.id": str(gid)}),
        ("userdel", f"delete user '{user}'", {"user.target.name": user, "event.action": "user-removed"}),
        ("usermod", f"add '{user}' to group '{group}'", {"user.target.name": user, "group.name": group}),
        ("gpasswd", f"user {user} added by root to group {group}", {"user.target.name": user, "user.name": "root"}),
        (
            "groupdel",
            f"group '{group}' removed from /etc/group",
            {"group.name": group, "event.action": "group-removed"},
        ),
    ]
    for program, message, fields in lines:
        yield syslog("accounts", program, message, fields, v)


def cron(v: Values) -> Iterator[Written]:
    """Debian cron's and cronie's log_it()."""
    user, command = v.user(), v.command()
    lines = [
        ("CRON", f"({user}) CMD ({command})", {"user.name": user, "process.command_line": command}),
        ("crontab", f"({user}) REPLACE (root)", {"user.name": user, "user.target.name": "root"}),
        ("crontab", f"({user}) LIST (root)", {"user.name": user, "event.action": "crontab-listed"}),
        ("cron", "(*system*) RELOAD (/etc/crontab)", {"file.path": "/etc/crontab", "event.action": "crontab-reloaded"}),
    ]
    for program, message, fields in lines:
        yield syslog("cron", program, message, fields, v)


def systemd(v: Values) -> Iterator[Written]:
    """systemd's message catalogue."""
    unit = v.one("nginx.service", "getty@tty1.service", "apt-daily.timer")
    code = v.number(1, 250)
    lines = [
        (f"Started {unit} - A web server.", {"service.name": unit, "event.action": "service-started"}),
        (f"Stopped {unit}.", {"service.name": unit, "event.action": "service-stopped"}),
        (f"Failed to start {unit} - A web server.", {"service.name": unit, "event.outcome": "failure"}),
        (
            f"{unit}: Main process exited, code=exited, status={code}/FAILURE",
            {"service.name": unit, "process.exit_code": code},
        ),
        (f"{unit}: Failed with result 'exit-code'.", {"service.name": unit, "event.reason": "exit-code"}),
        (f"{unit}: Deactivated successfully.", {"service.name": unit, "event.outcome": "success"}),
    ]
    for message, fields in lines:
        yield syslog("systemd", "systemd", message, fields, v)
    user = v.one("root", "deploy_1")
    yield syslog("systemd", "systemd-logind", f"New session 42 of user {user}.", {"user.name": user}, v)


def kernel(v: Values) -> Iterator[Written]:
    """netfilter's log (nf_log_syslog.c) and other messages of the kernel."""
    src, dst, sport, dport, length = v.ip4(), v.ip4(), v.port(), v.port(), v.number(40, 1500)
    packet = {
        "source.ip": src,
        "destination.ip": dst,
        "source.port": sport,
        "destination.port": dport,
        "network.bytes": length,
        "observer.ingress.interface.name": "eth0",
        "event.dataset": "netfilter.log",
    }
    tail = f"LEN={length} TOS=0x00 PREC=0x00 TTL=245 ID=54321"
    ends = f"SPT={sport} DPT={dport}"
    mac = f"{v.mac()}:{v.mac()}:08:00"
    lines = [
        (
            f"[12345.678901] DROP-IN IN=eth0 OUT= MAC={mac} SRC={src} DST={dst} {tail} PROTO=TCP {ends} SYN URGP=0",
            {**packet, "network.transport": "tcp", "rule.name": "DROP-IN"},
        ),
        (
            f"[UFW BLOCK] IN=eth0 OUT= MAC={v.mac()} SRC={src} DST={dst} {tail} DF PROTO=UDP {ends} LEN=20",
            {**packet, "network.transport": "udp"},
        ),
        (
            "[9.1] Out of memory: Killed process 4711 (mysqld) total-vm:1kB, anon-rss:2kB",
            {"process.pid": 4711, "process.name": "mysqld", "event.action": "out-of-memory"},
        ),
        ("[9.1] device eth0 entered promiscuous mode", {"event.action": "promiscuous-mode-entered"}),
    ]
    for message, fields in lines:
        written = syslog("kernel", "kernel", message, fields, v)
        yield Written(written.parser, written.text, {**written.fields, **fields}, "syslog")


def packages(v: Values) -> Iterator[Written]:
    """dpkg(1), log file."""
    moment, version = v.moment(), v.one("1.2.3-4", "2:8.0+dfsg-1~deb12u3")
    name = v.one("nginx", "libc6", "python3.11-minimal")
    stamp = f"{moment:%Y-%m-%d %H:%M:%S}"
    base = {"@timestamp": moment, "package.name": name, "package.version": version}
    for line, action in (
        (f"{stamp} install {name}:amd64 <none> {version}", "package-installed"),
        (f"{stamp} upgrade {name}:amd64 0.1 {version}", "package-upgraded"),
        (f"{stamp} remove {name}:amd64 {version} <none>", "package-removed"),
        (f"{stamp} status installed {name}:amd64 {version}", "package-status"),
    ):
        yield Written("dpkg", line, {**base, "event.action": action}, meta={"path": "/var/log/dpkg.log"})


def fail2ban(v: Values) -> Iterator[Written]:
    """fail2ban.log."""
    moment, ip = v.moment(), v.ip()
    head = f"{moment:%Y-%m-%d %H:%M:%S},123 fail2ban.actions        [4711]: NOTICE  [sshd]"
    fields = {"@timestamp": moment.replace(microsecond=123_000), "source.ip": ip, "rule.name": "sshd"}
    yield Written("fail2ban", f"{head} Ban {ip}", {**fields, "event.action": "address-banned"})
    yield Written("fail2ban", f"{head} Unban {ip}", {**fields, "event.action": "address-unbanned"})


def clamav(v: Values) -> Iterator[Written]:
    """clamd's log."""
    path = v.path()
    found = {"file.path": path, "rule.name": "Win.Test.EICAR_HDB-1", "event.category": ["malware"]}
    yield syslog("clamav", "clamd", f"{path}: Win.Test.EICAR_HDB-1 FOUND", found, v)


HOST_WRITERS = (sshd, sudo, su, accounts, cron, systemd, kernel, packages, fail2ban, clamav)
