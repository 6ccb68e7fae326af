"""Checks over the network: reachability, ports, certificates, time. Each look is bounded in time."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

from infra.errors import AppError, ErrorKind
from ops.inspection.result import Found, bad, ok, unseen

if TYPE_CHECKING:
    from ops.inspection.probes import Look

TIMEOUT_S = 3.0
AT_ONCE = 16
_NTP_EPOCH = 2_208_988_800


def reachability(look: Look) -> Iterator[Found]:
    """``host:port`` answers a connection within ``timeout_s``."""
    yield from _each(look, _reach)


def ports(look: Look) -> Iterator[Found]:
    """``host:port`` is open, ``!host:port`` is not."""
    yield from _each(look, _port)


def certificates(look: Look) -> Iterator[Found]:
    """Certificates of ``host:port`` over TLS, and the site's own: days until they end, at least ``days``."""
    least = float(look.args.get("days", 30))
    for place, raw in look.facts.certificates():
        yield _lasting(place, raw, look.now, least)
    yield from _each(look, lambda target, args: _served(target, args, look.now, least))


def time_sync(look: Look) -> Iterator[Found]:
    """Offset of this clock against NTP servers, at most ``seconds``."""
    yield from _each(look, _offset)


def _each(look: Look, one: Any) -> Iterator[Found]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(lambda target: one(target, look.args), look.targets)


def address(target: str, port: int = 0) -> tuple[str, int]:
    """Host and port of ``host:port`` or ``[v6]:port``; ``AppError(INVALID)``."""
    host, found, number = target.rpartition(":")
    if not found and port:
        host, number = target, str(port)
    if not host or not number.isdigit() or not 0 < int(number) < 65_536:
        raise AppError(ErrorKind.INVALID, "ops.inspection.target", place=target[:80])
    return host.strip("[]"), int(number)


def _wait(args: Any) -> float:
    return min(30.0, float(args.get("timeout_s", TIMEOUT_S)))


def _connect(target: str, args: Any) -> float:
    started = time.monotonic()
    with socket.create_connection(address(target), timeout=_wait(args)):
        return (time.monotonic() - started) * 1000


def _reach(target: str, args: Any) -> Found:
    try:
        spent = _connect(target, args)
    except OSError as error:
        return bad(target, "unreachable", problem=error.strerror or error)
    slow = float(args.get("slow_ms", 1000))
    if spent > slow:
        return bad(target, "slow", f"{spent:.0f} ms", f"{slow:.0f} ms", spent=f"{spent:.0f}", slow=f"{slow:.0f}")
    return ok(target, f"{spent:.0f} ms", f"{slow:.0f} ms")


def _port(target: str, args: Any) -> Found:
    shut = target.startswith("!")
    try:
        _connect(target.removeprefix("!"), args)
        is_open = True
    except OSError:
        is_open = False
    if is_open and shut:
        return bad(target, "port_open", "open", "closed")
    if not is_open and not shut:
        return bad(target, "port_closed", "closed", "open")
    return ok(target, "open" if is_open else "closed", "closed" if shut else "open")


def _served(target: str, args: Any, now: datetime, least: float) -> Found:
    host, port = address(target, 443)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = (
        False,
        ssl.CERT_NONE,
    )  # its end is asked for, not whether it is trusted
    try:
        with (
            socket.create_connection((host, port), timeout=_wait(args)) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            raw = secure.getpeercert(binary_form=True)
    except OSError as error:
        return unseen(target, "no_tls", problem=error.strerror or error)
    return _lasting(target, raw or b"", now, least)


def _lasting(place: str, raw: bytes, now: datetime, least: float) -> Found:
    from cryptography import x509

    try:
        pem = raw.lstrip().startswith(b"-----")
        certificate = x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
        ends = certificate.not_valid_after_utc
    except ValueError as error:
        return unseen(place, "no_certificate", problem=error)
    days = (ends - now).total_seconds() / 86_400
    seen = {"ends": ends.isoformat(), "serial": f"{certificate.serial_number:x}"}
    if days < least:
        reason = "certificate_over" if days < 0 else "certificate_ends"
        return bad(place, reason, f"{days:.0f} d", f"{least:.0f} d", days=f"{days:.0f}", least=f"{least:.0f}", **seen)
    return ok(place, f"{days:.0f} d", f"{least:.0f} d", **seen)


def _offset(target: str, args: Any) -> Found:
    most = float(args.get("seconds", 1.0))
    host, port = address(target, 123)
    try:
        offset = ask_time(host, port, _wait(args))
    except (OSError, struct.error) as error:
        return unseen(target, "no_time", problem=error)
    shown = f"{offset:+.3f} s"
    if abs(offset) > most:
        return bad(target, "clock_off", shown, f"{most:g} s", offset=shown, most=f"{most:g}")
    return ok(target, shown, f"{most:g} s")


def ask_time(host: str, port: int, timeout: float) -> float:
    """Seconds an SNTP server (RFC 4330) is ahead of this clock."""
    family, kind, proto, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with socket.socket(family, kind, proto) as asked:
        asked.settimeout(timeout)
        sent = time.time()
        asked.sendto(b"\x23" + 47 * b"\0", place)
        answer, _ = asked.recvfrom(128)
        came = time.time()
    received, transmitted = (_stamp(answer, at) for at in (32, 40))
    return ((received - sent) + (transmitted - came)) / 2


def _stamp(packet: bytes, at: int) -> float:
    whole, part = struct.unpack("!II", packet[at : at + 8])
    return float(whole - _NTP_EPOCH + part / 2**32)
