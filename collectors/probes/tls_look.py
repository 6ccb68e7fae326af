"""A TLS service looked at: which versions it speaks, which cipher it chooses, its chain as our validator judges it."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from collectors.probes.looks import Look, UnhealthyError, _close
from trust.validation.certificate import Certificate
from trust.validation.evidence import verify
from trust.validation.profile import ProfileName
from trust.validation.request import Document, Request, gather
from trust.validation.verdict import Outcome, Verdict

_VERSIONS = {
    "1.0": ssl.TLSVersion.TLSv1, "1.1": ssl.TLSVersion.TLSv1_1, "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}  # fmt: skip
WEAK = ("1.0", "1.1")
_WEAK_CIPHERS = ("RC4", "DES", "NULL", "EXP", "MD5", "ADH", "AECDH", "IDEA", "SEED")


async def look_tls(host: str, port: int, name: str, anchors: Path | None) -> Look:
    """The handshake, every version alone, and the verdict about the chain (profile webpki). ``anchors`` None takes this
    host's own store."""
    chain, version, cipher = await _handshake(host, port, name, None)
    if not chain:
        raise UnhealthyError("the server shows no certificate")
    spoken = [text for text, only in _VERSIONS.items() if await _speaks(host, port, name, only)]
    verdict = await asyncio.to_thread(judge_chain, chain, name, anchors)
    leaf = verdict.chain[0] if verdict.chain else None
    facts: dict[str, object] = {
        "tls.version": version, "tls.cipher": cipher, "yaodun.trust.verdict": str(verdict.outcome),
        "yaodun.trust.reason": sorted({str(reason.code) for reason in verdict.reasons}), "probe.tls.versions": spoken,
        "probe.tls.weak": [*(text for text in spoken if text in WEAK), *([cipher] if weak_cipher(cipher) else [])],
    }  # fmt: skip
    numbers: dict[str, tuple[float, str]] = {}
    if leaf is not None:
        facts |= leaf_facts(leaf)
        numbers["certificate.days_left"] = (days_left(leaf.not_after, datetime.now(UTC)), "days")
    return Look(up=True, facts=facts, numbers=numbers)


def judge_chain(chain: list[bytes], name: str, anchors: Path | None, at: datetime | None = None) -> Verdict:
    """The verdict of our validator about a served chain, leaf first. ``AppError`` where the anchors cannot be read."""
    moment = (at or datetime.now(UTC)).replace(microsecond=0)
    documents = tuple(Document(f"chain[{number}]", der) for number, der in enumerate(chain[:10]))
    path = anchors or Path(ssl.get_default_verify_paths().cafile or "/etc/ssl/certs/ca-certificates.crt")
    request = Request(
        documents=documents, now=moment, at=moment, anchors=Document(str(path), path.read_bytes()), name=name,
        usage="server", profile=ProfileName.PATH, revocation=False,
    )  # fmt: skip
    return verify(gather(request))


def leaf_facts(leaf: Certificate) -> dict[str, object]:
    """Fields of the event about the certificate shown."""
    return {
        "x509.serial_number": f"{leaf.serial:X}", "x509.not_after": leaf.not_after.isoformat(),
        "x509.subject.distinguished_name": str(leaf.label), "tls.server.hash.sha256": leaf.fingerprint,
    }  # fmt: skip


def days_left(until: datetime, now: datetime) -> float:
    """Days to the end of validity; negative after it."""
    return round((until - now).total_seconds() / 86_400, 2)


def weak_cipher(name: str) -> bool:
    """Whether a cipher suite is one nobody should speak."""
    return any(part in name.upper().replace("3DES", "DES").split("-") or part in name.upper() for part in _WEAK_CIPHERS)


def troubles(verdict: str, reasons: Iterable[str], weak: Iterable[str], left: float, warn_days: float) -> list[str]:
    """What is wrong with a TLS service, as stable codes."""
    found = [] if verdict == str(Outcome.VALID) else [f"chain-{verdict}", *reasons]
    found += [f"weak-{each}" for each in weak]
    return [*found, "certificate-expires"] if 0 <= left < warn_days else found


async def _speaks(host: str, port: int, name: str, only: ssl.TLSVersion) -> bool:
    try:
        await _handshake(host, port, name, only)
    except (OSError, ssl.SSLError, EOFError, ValueError):
        return False
    return True


async def _handshake(
    host: str, port: int, name: str, only: ssl.TLSVersion | None
) -> tuple[list[bytes], str, str]:  # fmt: skip
    _, writer = await asyncio.open_connection(host, port, ssl=_context(only), server_hostname=name)
    try:
        layer = writer.get_extra_info("ssl_object")
        cipher = layer.cipher()
        return _chain(layer), str(layer.version()), str(cipher[0]) if cipher else ""
    finally:
        writer.transport.abort()
        await _close(writer)


def _chain(layer: ssl.SSLObject) -> list[bytes]:
    inner = getattr(layer, "_sslobj", None)
    shown = inner.get_unverified_chain() if inner is not None and hasattr(inner, "get_unverified_chain") else None
    if shown:
        return [ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in shown]
    leaf = layer.getpeercert(binary_form=True)
    return [leaf] if leaf else []


def _context(only: ssl.TLSVersion | None) -> ssl.SSLContext:
    """A context that takes any certificate and any cipher: the look judges, not the library."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:COMPLEMENTOFALL:@SECLEVEL=0")
    if only is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the old versions are asked for on purpose
            context.minimum_version = context.maximum_version = only
    return context
