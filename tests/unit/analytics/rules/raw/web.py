"""Lines of web servers, proxies, name servers and packet filters.

Formats: Combined Log Format (Apache, nginx), Squid's native log, query lines of BIND and dnsmasq, netfilter's LOG.
"""

from __future__ import annotations

from typing import Any

import orjson

from collectors.frames import FrameKind, pack_records
from tests.unit.analytics.rules.raw.wanted import Raw, UnsayableError, Wanted, named

_COMBINED = {
    "url.original",
    "url.path",
    "url.query",
    "url.extension",
    "user_agent.original",
    "http.request.method",
    "http.request.referrer",
    "http.response.status_code",
    "user.name",
    "source.ip",
    "url.domain",
}
_NUMBERS = ("http.response.status_code", "source.port", "destination.port")


def by_field(wanted: Wanted, known: set[str]) -> dict[str, str]:
    """The values by the first alternative that the format knows."""
    said: dict[str, str] = {}
    for location, value in wanted.values().items():
        name = next((name for name in named(location) if name in known), None)
        if name is None and location in wanted.route:
            continue
        if name is None:
            raise UnsayableError(location)
        if value != "zq" or name not in _NUMBERS:
            said[name] = str(value)
    if wanted.keyword and "url.original" in known:
        said["url.query"] = "&".join(part for part in (said.get("url.query", ""), wanted.keyword) if part)
    return said


def target(said: dict[str, str]) -> str:
    """The request target: path and query, or what is wanted of the whole."""
    path = said.get("url.path", "")
    if "url.extension" in said:
        path = f"{path or '/file'}.{said['url.extension']}"
    query = said.get("url.query", "")
    whole = said.get("url.original", "")
    if path and whole and path not in whole:
        whole = f"{path}?{whole.lstrip('?/')}" if "?" not in path else f"{path}&{whole}"
    made = whole or f"{path or '/'}" + (f"?{query}" if query else "")
    if query and query not in made:
        made = f"{made}?{query}"
    return made.replace(" ", "%20") if " " in made and '"' in made else made


def access_line(wanted: Wanted, software: str = "apache2") -> Raw:
    """A line of an access log."""
    said = by_field(wanted, _COMBINED)
    request = f"{said.get('http.request.method', 'GET')} {target({'url.original': '', **said})} HTTP/1.1"
    agent, referrer = _quotable(said.get("user_agent.original", "-")), _quotable(said.get("http.request.referrer", "-"))
    line = (
        f"{said.get('source.ip', '192.0.2.7')} - {said.get('user.name', '-')} [02/Mar/2026:08:15:30 +0000] "
        f'"{_quotable(request)}" {said.get("http.response.status_code", "200")} 512 "{referrer}" "{agent}"'
    )
    if "url.domain" in said:
        line = f"{said['url.domain']}:443 {line}"
    return Raw("Combined Log Format", FrameKind.LINES, line.encode(), {"path": f"/var/log/{software}/access.log"})


def _quotable(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


_NGINX = {
    "url.original": "request_uri",
    "http.request.method": "request_method",
    "http.response.status_code": "status",
    "http.request.mime_type": "content_type",
    "http.request.headers.cookie": "http_cookie",
    "http.request.referrer": "http_referer",
    "user_agent.original": "http_user_agent",
    "url.domain": "http_host",
    "user.name": "remote_user",
}


def nginx_document(wanted: Wanted) -> Raw:
    """An access record of nginx with ``log_format ... escape=json``."""
    said = by_field(wanted, {*_NGINX, "url.path", "url.query", "url.extension"})
    asked = target({"url.original": "", **said})
    method = said.get("http.request.method", "GET")
    tree = {
        "time_iso8601": "2026-03-02T08:15:30+00:00",
        "remote_addr": "192.0.2.7",
        "request": f"{method} {asked} HTTP/1.1",
    }
    tree |= {_NGINX[name]: value for name, value in said.items() if name in _NGINX} | {"request_uri": asked}
    return Raw("nginx JSON access log", FrameKind.NDJSON, orjson.dumps(tree))


def squid_line(wanted: Wanted) -> Raw:
    """A line of Squid's native access log, which knows no agents."""
    said = by_field(wanted, _COMBINED - {"user_agent.original", "http.request.referrer"})
    address = target(said)
    if "://" not in address:
        address = f"http://{said.get('url.domain', 'www.example')}{'' if address.startswith('/') else '/'}{address}"
    line = (
        f"1772439330.123     87 192.0.2.7 TCP_MISS/{said.get('http.response.status_code', '200')} 512 "
        f"{said.get('http.request.method', 'GET')} {address} - HIER_DIRECT/198.51.100.9 text/html"
    )
    return Raw("Squid access log", FrameKind.LINES, line.encode(), {"path": "/var/log/squid/access.log"})


def dnsmasq_line(wanted: Wanted) -> Raw:
    """What dnsmasq logs of a query."""
    said = by_field(wanted, {"dns.question.name", "dns.question.type"})
    name, kind = said.get("dns.question.name", "www.example"), said.get("dns.question.type", "A")
    line = f"<30>Mar  2 08:15:30 gw dnsmasq[811]: query[{kind}] {name} from 192.0.2.7"
    return Raw("dnsmasq over syslog", FrameKind.SYSLOG, pack_records([line.encode()]))


def netfilter_line(wanted: Wanted) -> Raw:
    """What the LOG target writes."""
    said: dict[str, Any] = by_field(wanted, {"source.ip", "destination.ip", "source.port", "destination.port"})
    line = (
        "<4>Mar  2 08:15:30 gw kernel: [  12.345] IN=eth0 OUT= MAC=00:00:5e:00:53:01 "
        f"SRC={said.get('source.ip', '192.0.2.7')} DST={said.get('destination.ip', '198.51.100.9')} LEN=60 TOS=0x00 "
        f"PREC=0x00 TTL=64 ID=1 DF PROTO=TCP SPT={said.get('source.port', 40000)} "
        f"DPT={said.get('destination.port', 80)} WINDOW=64240 RES=0x00 SYN URGP=0"
    )
    return Raw("netfilter LOG", FrameKind.SYSLOG, pack_records([line.encode()]))
