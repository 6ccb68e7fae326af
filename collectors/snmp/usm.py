"""The user-based security model of SNMPv3 (RFC 3414; SHA-2 by RFC 7860, AES-128 by RFC 3826, AES-256 as Cisco extends
its keys): discovery of the device's engine, keys localised to it, authentication, privacy, time.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import struct
import time
from functools import lru_cache

import msgspec
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from collectors.snmp import ber
from collectors.snmp.ber import BerError
from collectors.snmp.message import Answer, read_pdu

AUTH = {"sha1": ("sha1", 12), "sha256": ("sha256", 24), "sha512": ("sha512", 48)}
PRIVACY = {"aes128": 16, "aes256": 32}
_AUTHENTICATED, _PRIVATE, _REPORTABLE = 1, 2, 4
_USM = 3
_MAX_SIZE = 65_507
_WINDOW_S = 150
UNKNOWN_ENGINE, NOT_IN_TIME = "1.3.6.1.6.3.15.1.1.4.0", "1.3.6.1.6.3.15.1.1.2.0"


class User(msgspec.Struct, frozen=True):
    """A user of v3; keys are pass phrases. ``repr`` shows none of them."""

    name: str
    auth: str = "sha256"
    auth_key: str = ""
    privacy: str = "aes128"
    privacy_key: str = ""

    def __repr__(self) -> str:
        return f"User({self.name!r})"


class Engine(msgspec.Struct):
    """What is known of the engine of one device: its id, how often it booted, its clock when ours was ``at_s``."""

    identity: bytes = b""
    boots: int = 0
    seconds: int = 0
    at_s: float = 0.0

    def now(self) -> int:
        """Its clock now."""
        return self.seconds + int(time.monotonic() - self.at_s)

    def learn(self, identity: bytes, boots: int, seconds: int) -> None:
        """What an authentic message, or discovery, told."""
        if identity != self.identity or (boots, seconds) >= (self.boots, self.now() - _WINDOW_S):
            self.identity, self.boots, self.seconds, self.at_s = identity, boots, seconds, time.monotonic()


def message_v3(user: User, engine: Engine, identifier: int, pdu: bytes) -> bytes:
    """The message around a PDU; without an engine id it is the question that discovers it."""
    known = bool(engine.identity)
    flags = _REPORTABLE | (_AUTHENTICATED if known and user.auth_key else 0)
    flags |= _PRIVATE if known and user.privacy_key else 0
    scoped = ber.sequence((ber.element(ber.OCTETS, engine.identity), ber.element(ber.OCTETS, b""), pdu))
    boots, seconds = engine.boots, engine.now() if known else 0
    salt = b""
    if flags & _PRIVATE:
        salt = secrets.token_bytes(8)
        scoped = ber.element(ber.OCTETS, _crypt(user, engine, boots, seconds, salt, scoped, encrypt=True))
    size = AUTH[user.auth][1] if flags & _AUTHENTICATED else 0
    name = user.name.encode() if known else b""
    head = _head(identifier, flags)
    security = ber.sequence((
        ber.element(ber.OCTETS, engine.identity), ber.integer(boots), ber.integer(seconds),
        ber.element(ber.OCTETS, name), ber.element(ber.OCTETS, bytes(size)), ber.element(ber.OCTETS, salt),
    ))  # fmt: skip
    message = ber.sequence((ber.integer(_USM), head, ber.element(ber.OCTETS, security), scoped))
    if not size:
        return message
    tail = len(scoped) + len(ber.element(ber.OCTETS, salt)) + size
    place = len(message) - tail
    code = _code(user, engine.identity, message)
    return message[:place] + code + message[place + size :]


def _head(identifier: int, flags: int) -> bytes:
    return ber.sequence(
        (ber.integer(identifier), ber.integer(_MAX_SIZE), ber.element(ber.OCTETS, bytes([flags])), ber.integer(_USM))
    )


def read_v3(data: bytes, user: User, engine: Engine) -> Answer:
    """The answer in a v3 message, judged authentic and opened; ``BerError`` where it is not."""
    start, end = ber.inside(data, 0, len(data), ber.SEQUENCE)
    version, position = ber.integer_at(data, start, end)
    if version != _USM:
        raise BerError(f"version {version} where v3 is expected")
    head, position = ber.inside(data, position, end, ber.SEQUENCE)
    _, after = ber.integer_at(data, head, position)
    _, after = ber.integer_at(data, after, position)
    flags, _ = ber.octets_at(data, after, position)
    level = flags[0] if flags else 0
    outer, position = ber.inside(data, position, end, ber.OCTETS)
    inner, inner_end = ber.inside(data, outer, position, ber.SEQUENCE)
    identity, at = ber.octets_at(data, inner, inner_end)
    boots, at = ber.integer_at(data, at, inner_end)
    seconds, at = ber.integer_at(data, at, inner_end)
    _, at = ber.octets_at(data, at, inner_end)
    code_start, code_end = ber.inside(data, at, inner_end, ber.OCTETS)
    salt, _ = ber.octets_at(data, code_end, inner_end)
    authentic = bool(level & _AUTHENTICATED)
    if authentic:
        _check(user, identity, data, code_start, code_end)
    if engine.identity and identity != engine.identity:
        raise BerError("the answer is of another engine")
    if level & _PRIVATE:
        sealed, _ = ber.octets_at(data, position, end)
        peer = Engine(identity, boots, seconds)
        opened = _crypt(user, peer, boots, seconds, salt, sealed, encrypt=False)
        answer = _scoped(opened, 0, len(opened))
    else:
        answer = _scoped(data, position, end)
    if answer.kind != 0xA8 and user.auth_key and not authentic:
        raise BerError("the answer is not authenticated")
    if answer.kind != 0xA8 and user.privacy_key and not level & _PRIVATE:
        raise BerError("the answer is not encrypted")
    if authentic or not engine.identity:
        engine.learn(identity, boots, seconds)
    return answer


def _scoped(data: bytes, position: int, end: int) -> Answer:
    start, end = ber.inside(data, position, end, ber.SEQUENCE)
    _, at = ber.octets_at(data, start, end)
    _, at = ber.octets_at(data, at, end)
    return read_pdu(data, at, end)


def _check(user: User, identity: bytes, data: bytes, start: int, end: int) -> None:
    size = AUTH[user.auth][1]
    if not user.auth_key or end - start != size:
        raise BerError("the code of authentication is broken")
    blank = data[:start] + bytes(size) + data[end:]
    if not hmac.compare_digest(_code(user, identity, blank), data[start:end]):
        raise BerError("the answer is not authentic")


def _code(user: User, identity: bytes, message: bytes) -> bytes:
    name, size = AUTH[user.auth]
    return hmac.new(_key(user.auth_key, name, identity), message, name).digest()[:size]


def _crypt(
    user: User, engine: Engine, boots: int, seconds: int, salt: bytes, data: bytes, *, encrypt: bool
) -> bytes:  # fmt: skip
    if len(salt) != 8:
        raise BerError("the salt is broken")
    vector = struct.pack("!II", boots & 0xFFFFFFFF, seconds & 0xFFFFFFFF) + salt
    key = _privacy_key(user.privacy_key, AUTH[user.auth][0], PRIVACY[user.privacy], engine.identity)
    cipher = Cipher(AES(key), CFB(vector))
    work = cipher.encryptor() if encrypt else cipher.decryptor()
    return work.update(data) + work.finalize()


@lru_cache(maxsize=256)
def _master(phrase: str, name: str) -> bytes:
    """RFC 3414, appendix A.2: a digest of one million octets of the pass phrase."""
    octets = phrase.encode()
    whole = octets * (1_048_576 // len(octets) + 1)
    return hashlib.new(name, whole[:1_048_576]).digest()


@lru_cache(maxsize=16_384)
def _key(phrase: str, name: str, identity: bytes) -> bytes:
    master = _master(phrase, name)
    return hashlib.new(name, master + identity + master).digest()


@lru_cache(maxsize=16_384)
def _privacy_key(phrase: str, name: str, size: int, identity: bytes) -> bytes:
    key = _key(phrase, name, identity)
    while len(key) < size:
        key += hashlib.new(name, key).digest()
    return key[:size]
