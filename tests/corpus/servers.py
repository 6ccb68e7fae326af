"""Records of servers: web, proxies, databases, mail, DNS, FTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.corpus.values import Values, Written, syslog


def web(v: Values) -> Iterator[Written]:
    """The common and combined log formats of Apache and nginx."""
    moment, ip, path, query = v.moment(), v.ip(), v.url_path(), v.query()
    method, status, size = v.one("GET", "POST", "HEAD"), v.one(200, 404, 500), v.number()
    agent, referrer, user = (
        'Mozilla/5.0 (X11; "x\\"y")'.replace('"x\\"y"', "x"),
        "https://www.example.com/a?b=c",
        v.user(),
    )
    url = f"{path}?{query}" if query else path
    fields: dict[str, Any] = {
        "@timestamp": moment,
        "source.ip": ip,
        "http.request.method": method,
        "url.original": url,
        "url.path": path,
        "http.response.status_code": status,
        "http.response.body.bytes": size,
        "http.version": "1.1",
        **({"url.query": query} if query else {}),
    }
    common = f'{ip} - {user} [{moment:%d/%b/%Y:%H:%M:%S} +0000] "{method} {url} HTTP/1.1" {status} {size}'
    named = {**fields, "user.name": user}
    for module, folder in (("nginx", "nginx"), ("apache", "apache2")):
        meta = {"path": f"/var/log/{folder}/access.log"}
        yield Written("web.access", common, {**named, "event.module": module}, meta=meta)
        combined = {**named, "user_agent.original": agent, "http.request.referrer": referrer}
        yield Written("web.access", f'{common} "{referrer}" "{agent}"', combined, meta=meta)
        yield Written("web.access", f'{common} "-" "{agent}" "-"', {**named, "user_agent.original": agent}, meta=meta)


def nginx_error(v: Values) -> Iterator[Written]:
    """nginx's error log."""
    moment, ip, pid = v.moment(), v.ip(), v.number()
    head = f"{moment:%Y/%m/%d %H:%M:%S} [error] {pid}#{pid + 1}: *7 "
    base = {"@timestamp": moment, "log.level": "error", "process.pid": pid, "source.ip": ip}
    message = 'open() "/var/www/x" failed (2: No such file or directory)'
    line = f'{head}{message}, client: {ip}, server: www.example.com, request: "GET /x HTTP/1.1", host: "h"'
    fields = {**base, "message": message, "url.domain": "www.example.com", "url.original": "/x"}
    yield Written("nginx.error", line, fields, meta={"path": "/var/log/nginx/error.log"})


def apache_error(v: Values) -> Iterator[Written]:
    """Apache 2.4's error log."""
    moment, ip, pid, port = v.moment(), v.ip4(), v.number(), v.port()
    head = f"[{moment:%a %b %d %H:%M:%S}.123456 {moment:%Y}] [core:error] [pid {pid}:tid 139]"
    line = f"{head} [client {ip}:{port}] AH00126: Invalid URI in request GET /../../etc/passwd HTTP/1.1"
    fields = {
        "@timestamp": moment.replace(microsecond=123_456),
        "process.pid": pid,
        "log.level": "error",
        "event.code": "AH00126",
        "message": "Invalid URI in request GET /../../etc/passwd HTTP/1.1",
    }
    yield Written("apache.error", line, fields, meta={"path": "/var/log/apache2/error.log"})


def squid(v: Values) -> Iterator[Written]:
    """Squid's native access log."""
    moment, ip, peer, size = v.moment(), v.ip4(), v.ip4(), v.number()
    domain = v.domain()
    head = f"{moment.timestamp():.3f}    123 {ip}"
    line = f"{head} TCP_MISS/200 {size} GET http://{domain}/a.exe wang HIER_DIRECT/{peer} text/html"
    fields = {
        "@timestamp": moment,
        "source.ip": ip,
        "destination.ip": peer,
        "http.response.status_code": 200,
        "http.response.bytes": size,
        "url.domain": domain,
        "url.path": "/a.exe",
        "url.extension": "exe",
        "user.name": "wang",
        "observer.type": "proxy",
    }
    yield Written("squid", line, fields, meta={"path": "/var/log/squid/access.log"})
    line = f"{moment.timestamp():.3f}      9 {ip} TCP_TUNNEL/200 {size} CONNECT {domain}:443 - HIER_DIRECT/{peer} -"
    fields = {"source.ip": ip, "http.request.method": "CONNECT", "url.domain": domain, "url.port": 443}
    yield Written("squid", line, fields)


def haproxy(v: Values) -> Iterator[Written]:
    """HAProxy's HTTP log format."""
    moment, ip, port, size = v.moment(), v.ip4(), v.port(), v.number()
    message = (
        f"{ip}:{port} [{moment:%d/%b/%Y:%H:%M:%S}.123] front back/srv1 0/0/1/2/3 503 {size} - - ---- 1/1/0/0/0 0/0"
        ' "GET /health HTTP/1.1"'
    )
    fields = {
        "@timestamp": moment.replace(microsecond=123_000),
        "source.ip": ip,
        "source.port": port,
        "http.response.status_code": 503,
        "http.response.bytes": size,
        "service.name": "back",
        "url.path": "/health",
    }
    yield syslog("haproxy", "haproxy", message, fields, v)


def postgresql(v: Values) -> Iterator[Written]:
    """PostgreSQL with Debian's log_line_prefix '%m [%p] %q%u@%d '."""
    moment, pid, ip, port = v.moment(), v.number(), v.ip(), v.port()
    user = v.one("app", "wang_wei", "postgres")
    head = f"{moment:%Y-%m-%d %H:%M:%S}.123 UTC [{pid}]"
    base = {"@timestamp": moment.replace(microsecond=123_000), "process.pid": pid}
    own = {**base, "user.name": user}
    meta = {"path": "/var/log/postgresql/postgresql-15-main.log"}
    lines: list[tuple[str, dict[str, Any]]] = [
        (f"{head} LOG:  connection received: host={ip} port={port}", {**base, "source.ip": ip, "source.port": port}),
        (
            f"{head} {user}@shop LOG:  connection authorized: user={user} database=shop application_name=psql",
            {**own, "event.outcome": "success", "user.effective.name": user},
        ),
        (
            f'{head} {user}@shop FATAL:  password authentication failed for user "{user}"',
            {**own, "event.outcome": "failure", "log.level": "FATAL", "user.effective.name": user},
        ),
        (f"{head} {user}@shop LOG:  statement: SELECT 1;", {**own, "event.action": "database-statement"}),
        (
            f'{head} {user}@shop ERROR:  relation "x" does not exist at character 15',
            {**own, "log.level": "ERROR", "message": 'relation "x" does not exist at character 15'},
        ),
    ]
    for line, fields in lines:
        yield Written("postgresql", line, fields, meta=meta)


def mariadb(v: Values) -> Iterator[Written]:
    """MariaDB's error log and its server_audit plugin."""
    moment, ip, thread = v.moment(), v.ip4(), v.number()
    meta = {"path": "/var/log/mysql/error.log"}
    line = f"{moment:%Y-%m-%d %H:%M:%S} {thread} [Warning] Access denied for user 'app'@'{ip}' (using password: YES)"
    fields = {"@timestamp": moment, "user.name": "app", "source.ip": ip, "event.outcome": "failure"}
    yield Written("mariadb", line, fields, meta=meta)
    line = f"{moment:%Y%m%d %H:%M:%S},db1,app,{ip},{thread},9,QUERY,shop,'select a, b from t',0"
    fields = {"@timestamp": moment, "host.name": "db1", "user.name": "app", "source.ip": ip, "event.code": "0"}
    yield Written("mariadb", line, {**fields, "event.action": "database-statement"}, meta=meta)


def postfix(v: Values) -> Iterator[Written]:
    """Postfix."""
    ip, queue, size = v.ip4(), v.one("4F9D195432", "3xYz1k2QrzJtQ"), v.number()
    delays = "delay=1.2, delays=0.1/0/0.5/0.6, dsn=2.0.0"
    lines: list[tuple[str, str, dict[str, Any]]] = [
        (
            "postfix/smtpd",
            f"connect from mail.example.com[{ip}]",
            {"source.ip": ip, "source.domain": "mail.example.com"},
        ),
        (
            "postfix/smtpd",
            f"warning: unknown[{ip}]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
            {"source.ip": ip, "event.outcome": "failure", "event.action": "smtp-login"},
        ),
        (
            "postfix/smtpd",
            f"{queue}: client=unknown[{ip}], sasl_method=PLAIN, sasl_username=wang@example.com",
            {"source.ip": ip, "user.name": "wang@example.com", "event.outcome": "success"},
        ),
        (
            "postfix/qmgr",
            f"{queue}: from=<a@example.com>, size={size}, nrcpt=1 (queue active)",
            {"email.from.address": "a@example.com"},
        ),
        (
            "postfix/smtp",
            f"{queue}: to=<b@example.net>, relay=mx.example.net[{ip}]:25, {delays}, status=sent (250 2.0.0 Ok)",
            {
                "email.to.address": "b@example.net",
                "destination.ip": ip,
                "destination.port": 25,
                "event.outcome": "success",
            },
        ),
    ]
    for program, message, fields in lines:
        written = syslog("postfix", program, message, fields, v)
        yield Written(written.parser, written.text, {**fields, "host.name": written.fields["host.name"]}, "syslog")


def dovecot(v: Values) -> Iterator[Written]:
    """Dovecot's login log."""
    ip, local = v.ip(), v.ip()
    ends = f"user=<wang>, method=PLAIN, rip={ip}, lip={local}, mpid=12, TLS"
    who = {"user.name": "wang", "source.ip": ip, "destination.ip": local}
    yield syslog("dovecot", "dovecot", f"imap-login: Login: {ends}", {**who, "event.outcome": "success"}, v)
    failed = f"imap-login: Disconnected (auth failed, 1 attempts in 2 secs): {ends}"
    yield syslog("dovecot", "dovecot", failed, {**who, "event.outcome": "failure"}, v)


def dns(v: Values) -> Iterator[Written]:
    """BIND 9's query log, dnsmasq's log-queries, unbound's log-queries."""
    ip, port, name, kind = v.ip(), v.port(), v.domain(), v.one("A", "AAAA", "TXT", "MX")
    asked = {"dns.question.name": name, "dns.question.type": kind, "source.ip": ip, "dns.type": "query"}
    bind = f"client @0x7f1c {ip}#{port} ({name}): query: {name} IN {kind} +E(0)K (192.0.2.53)"
    yield syslog("named", "named", bind, {**asked, "source.port": port, "server.ip": "192.0.2.53"}, v)
    yield syslog("dnsmasq", "dnsmasq", f"query[{kind}] {name} from {ip}", asked, v)
    answer = {"dns.question.name": name, "dns.type": "answer", "dns.answers": {"data": "192.0.2.1"}}
    yield syslog("dnsmasq", "dnsmasq", f"reply {name} is 192.0.2.1", answer, v)
    moment = v.moment()
    line = f"[{moment.timestamp():.0f}] unbound[4711:0] info: {ip} {name}. {kind} IN NOERROR 0.012345 0 64"
    fields = {"@timestamp": moment, "source.ip": ip, "dns.question.type": kind, "dns.response_code": "NOERROR"}
    yield Written("unbound", line, fields, meta={"path": "/var/log/unbound.log"})


def vsftpd(v: Values) -> Iterator[Written]:
    """vsftpd's log."""
    moment, ip, path = v.moment(), v.ip4(), "/pub/a b.zip"
    head = f"{moment:%a %b %d %H:%M:%S %Y} [pid 4711]"
    base = {"@timestamp": moment, "source.ip": ip, "process.pid": 4711}
    yield Written("vsftpd", f'{head} CONNECT: Client "{ip}"', base)
    yield Written(
        "vsftpd", f'{head} [wang] FAIL LOGIN: Client "{ip}"', {**base, "user.name": "wang", "event.outcome": "failure"}
    )
    line = f'{head} [wang] OK UPLOAD: Client "{ip}", "{path}", 123 bytes, 4.56Kbyte/sec'
    yield Written("vsftpd", line, {**base, "file.path": path, "file.size": 123, "event.action": "ftp-upload"})


def openvpn(v: Values) -> Iterator[Written]:
    """OpenVPN."""
    ip, port = v.ip4(), v.port()
    fields = {"source.ip": ip, "source.port": port}
    message = f"{ip}:{port} [wang] Peer Connection Initiated with [AF_INET]{ip}:{port}"
    yield syslog("openvpn", "openvpn", message, {**fields, "user.name": "wang", "event.outcome": "success"}, v)
    message = f"{ip}:{port} TLS Error: TLS handshake failed"
    yield syslog("openvpn", "openvpn", message, {**fields, "event.reason": "TLS handshake failed"}, v)


def application(v: Values) -> Iterator[Written]:
    """What Java and Python applications write."""
    moment, level = v.moment(), v.one("INFO", "WARN", "ERROR")
    stamp = f"{moment:%Y-%m-%d %H:%M:%S},123"
    fields = {"@timestamp": moment.replace(microsecond=123_000), "log.level": level, "message": "it is so: a=1"}
    yield Written("application", f"{stamp} - {level}  [main:App@12] - it is so: a=1", fields)
    yield Written("application", f"{stamp} {level} it is so: a=1", fields)
    yield Written("application", f"[{stamp}] [{level}] it is so: a=1", fields)


SERVER_WRITERS = (
    web,
    nginx_error,
    apache_error,
    squid,
    haproxy,
    postgresql,
    mariadb,
    postfix,
    dovecot,
    dns,
    vsftpd,
    openvpn,
    application,
)
