"""Encodings, extensions, keys and algorithms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.trust.validation.adversarial.case import Chain, add, case, simple
from tests.unit.trust.validation.adversarial.forge import (
    NOW,
    RSA_MD5,
    RSA_SHA1,
    RSA_SHA256,
    Key,
    Made,
    aki,
    dns,
    edwards_key,
    eku,
    ext,
    key,
    leaf,
    middle,
    num,
    oid,
    root,
    rsa_key,
    san,
    seq,
    ski,
    t,
    usage,
    utf8,
    when,
)


def with_extension(extra: bytes) -> Callable[[], Chain]:
    return lambda: simple(lambda issuer: leaf(issuer, extra=[extra]))


PRIVATE = "1.2.156.112600.1"
EXTENSIONS: list[tuple[str, bool, str, bytes]] = [
    ("unknown", True, "RFC 5280 4.2", ext(PRIVATE, b"\x05\x00")),
    ("unknown critical", False, "RFC 5280 4.2", ext(PRIVATE, b"\x05\x00", critical=True)),
    ("unknown, value not even DER", True, "RFC 5280 4.2", ext(PRIVATE, b"\xff\xff")),
    ("alternative name twice", False, "RFC 5280 4.2", san(dns("other.cn"))),
    ("key usage twice", False, "RFC 5280 4.2", usage(0)),
    ("unknown twice", False, "RFC 5280 4.2", ext(PRIVATE, b"\x05\x00") + ext(PRIVATE, b"\x05\x00")),
    ("extended usage empty", False, "RFC 5280 4.2.1.12", ext("2.5.29.37", seq())),
    ("extended usage no identifiers", False, "RFC 5280 4.2.1.12", ext("2.5.29.37", seq(num(1)))),
    ("policies empty", False, "RFC 5280 4.2.1.4", ext("2.5.29.32", seq())),
    ("policy twice", False, "RFC 5280 4.2.1.4", ext("2.5.29.32", seq(seq(oid("1.2.3")), seq(oid("1.2.3"))))),
    ("policy constraints empty", False, "RFC 5280 4.2.1.11", ext("2.5.29.36", seq(), critical=True)),
    ("inhibit any negative", False, "RFC 5280 4.2.1.14", ext("2.5.29.54", num(-1), critical=True)),
    (
        "access critical",
        False,
        "RFC 5280 4.2.2.1",
        ext("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.1"), t(0x86, b"http://a.cn"))), critical=True),
    ),
    ("access malformed", False, "RFC 5280 4.2.2.1", ext("1.3.6.1.5.5.7.1.1", seq(num(1)))),
    (
        "access",
        True,
        "RFC 5280 4.2.2.1",
        ext("1.3.6.1.5.5.7.1.1", seq(seq(oid("1.3.6.1.5.5.7.48.1"), t(0x86, b"http://a.cn")))),
    ),
    ("distribution points malformed", False, "RFC 5280 4.2.1.13", ext("2.5.29.31", seq(seq(num(1))))),
    (
        "explicit critical false",
        True,
        "X.690 11.5, widely met: tolerated",
        seq(oid(PRIVATE), t(1, b"\x00"), t(4, b"\x05\x00")),
    ),
    ("critical neither true nor false", False, "X.690 11.1", seq(oid(PRIVATE), t(1, b"\x01"), t(4, b"\x05\x00"))),
    ("value not an octet string", False, "RFC 5280 4.1", seq(oid(PRIVATE), t(3, b"\x00"))),
]
for _name, _good, _clause, _extra in EXTENSIONS:
    add("extensions", _name, _good, _clause, with_extension(_extra))


def replaced(make: Callable[[Made], list[bytes]]) -> Callable[[], Chain]:
    return lambda: simple(lambda issuer: leaf(issuer, extensions=make(issuer)))


def ids(issuer: Made) -> list[bytes]:
    return [ski(key("leaf")), aki(issuer.key)]


REPLACED: list[tuple[str, bool, str, Callable[[Made], list[bytes]]]] = [
    ("alternative name empty", False, "RFC 5280 4.2.1.6", lambda i: [*ids(i), ext("2.5.29.17", seq())]),
    (
        "alternative name truncated",
        False,
        "RFC 5280 4.2.1.6",
        lambda i: [*ids(i), ext("2.5.29.17", b"\x30\x05\x82\x09a")],
    ),
    (
        "alternative name with an unknown form",
        False,
        "RFC 5280 4.2.1.6",
        lambda i: [*ids(i), ext("2.5.29.17", seq(t(0x8A, b"x")))],
    ),
    (
        "key usage without a bit",
        False,
        "RFC 5280 4.2.1.3",
        lambda i: [*ids(i), ext("2.5.29.15", t(3, b"\x00"), critical=True)],
    ),
    ("key usage as a sequence", False, "RFC 5280 4.2.1.3", lambda i: [*ids(i), ext("2.5.29.15", seq(), critical=True)]),
    (
        "basic constraints with three fields",
        False,
        "RFC 5280 4.2.1.9",
        lambda i: [*ids(i), ext("2.5.29.19", seq(t(1, b"\xff"), num(0), num(0)))],
    ),
    ("basic constraints with trailing octets", False, "X.690", lambda i: [*ids(i), ext("2.5.29.19", seq() + b"\x00")]),
    (
        "path length negative",
        False,
        "RFC 5280 4.2.1.9",
        lambda i: [*ids(i), ext("2.5.29.19", seq(t(1, b"\xff"), num(-1)))],
    ),
    (
        "subject key identifier critical, checked later",
        True,
        "RFC 5280 4.2.1.2 (section 4 only)",
        lambda i: [ski(key("leaf"), critical=True), aki(i.key)],
    ),
]
for _name, _good, _clause, _make in REPLACED:
    add("extensions", _name, _good, _clause, replaced(_make))


PROFILED: list[tuple[str, str, Callable[[Made], list[bytes]]]] = [
    (
        "authority key identifier critical",
        "RFC 5280 4.2.1.1",
        lambda i: [ski(key("leaf")), aki(i.key, critical=True), san(dns("a.cn"))],
    ),
    (
        "subject key identifier critical",
        "RFC 5280 4.2.1.2",
        lambda i: [ski(key("leaf"), critical=True), aki(i.key), san(dns("a.cn"))],
    ),
    ("authority key identifier missing", "RFC 5280 4.2.1.1", lambda i: [ski(key("leaf")), san(dns("a.cn"))]),
    ("underscore in a host name", "RFC 5280 4.2.1.6", lambda i: [*ids(i), san(dns("a_b.cn"))]),
    ("host name ends in a dot", "RFC 5280 4.2.1.6", lambda i: [*ids(i), san(dns("a.cn."))]),
    ("address of five octets", "RFC 5280 4.2.1.6", lambda i: [*ids(i), san(t(0x87, bytes(5)))]),
    ("mail without host", "RFC 5280 4.2.1.6", lambda i: [*ids(i), san(t(0x81, b"li"))]),
    ("blank host name", "RFC 5280 4.2.1.6", lambda i: [*ids(i), san(dns(" "))]),
]
for _name, _clause, _make in PROFILED:
    add(
        "extensions",
        f"profile: {_name}",
        False,
        _clause,
        lambda make=_make: simple(lambda i: leaf(i, extensions=make(i)), profile="rfc5280"),
    )  # type: ignore[misc]


@case("extensions", "profile: all in order", True, "RFC 5280 4.2")
def _in_order() -> Chain:
    return simple(leaf, profile="rfc5280")


def spoiled(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[], Chain]:
    return lambda: simple(lambda issuer: leaf(issuer, change=change))


def put(at: int, value: bytes) -> Callable[[list[bytes]], list[bytes]]:
    return lambda fields: [*fields[:at], value, *fields[at + 1 :]]


def padded_sequence(fields: list[bytes]) -> list[bytes]:
    """The validity with a length written longer than needed."""
    content = fields[4][2:]
    return put(4, b"\x30\x81" + bytes([len(content)]) + content)(fields)


ENCODINGS: list[tuple[str, bool, str, Callable[[list[bytes]], list[bytes]]]] = [
    ("serial padded", False, "X.690 8.3.2", put(1, b"\x02\x02\x00\x05")),
    ("serial empty", False, "X.690 8.3.1", put(1, b"\x02\x00")),
    ("length longer than needed", False, "X.690 10.1", padded_sequence),
    ("indefinite length", False, "X.690 10.1", lambda f: put(4, b"\x30\x80" + f[4][2:] + b"\x00\x00")(f)),
    ("fields in another order", False, "RFC 5280 4.1", lambda f: [f[0], f[1], f[2], f[4], f[3], *f[5:]]),
    ("validity with three times", False, "RFC 5280 4.1", lambda f: put(4, seq(when(NOW), when(NOW), when(NOW)))(f)),
    ("time as text", False, "RFC 5280 4.1.2.5", put(4, seq(utf8("260101000000Z"), utf8("270101000000Z")))),
    ("month thirteen", False, "X.690 11.8", put(4, seq(t(23, b"251301000000Z"), t(23, b"271301000000Z")))),
    ("public key of one part", False, "RFC 5280 4.1.2.7", put(6, seq(t(0x30)))),
    ("no public key", False, "RFC 5280 4.1", put(6, b"")),
    ("version 4", False, "RFC 5280 4.1.2.1", put(0, t(0xA0, num(3)))),
    ("version 1 with extensions", False, "RFC 5280 4.1.2.9", put(0, b"")),
    ("version 2 with extensions", False, "RFC 5280 4.1.2.9", put(0, t(0xA0, num(1)))),
    ("extensions empty", False, "RFC 5280 4.1.2.9", put(7, t(0xA3, seq()))),
    ("extra field at the end", False, "RFC 5280 4.1", lambda f: [*f, t(0xA4, num(1))]),
    (
        "set out of order",
        False,
        "X.690 11.6",
        lambda f: put(
            5, seq(t(0x31, *sorted([seq(oid("2.5.4.3"), utf8("b")), seq(oid("2.5.4.10"), utf8("a"))], reverse=True)))
        )(f),
    ),
    ("subject not UTF-8", False, "RFC 3629", put(5, seq(t(0x31, seq(oid("2.5.4.3"), t(12, b"\xff\xfe")))))),
    (
        "unused bits in the key",
        False,
        "X.690 11.2.1",
        lambda f: put(6, f[6].replace(b"\x03\x42\x00\x04", b"\x03\x42\x01\x04"))(f),
    ),
    (
        "null with content",
        False,
        "X.690 8.8.2",
        lambda f: put(6, seq(seq(oid("1.2.840.113549.1.1.1"), b"\x05\x01\x00"), t(3, b"\x00\x30\x00")))(f),
    ),
]
for _name, _good, _clause, _change in ENCODINGS:
    add("encodings", _name, _good, _clause, spoiled(_change))


def whole(alter: Callable[[bytes], bytes]) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root()
        made = leaf(top)
        return Chain(Made(alter(made.der), made.subject, made.key, made.serial), [top])

    return build


WHOLE: list[tuple[str, str, Callable[[bytes], bytes]]] = [
    ("trailing octet", "X.690", lambda der: der + b"\x00"),
    ("truncated", "X.690", lambda der: der[:-1]),
    ("empty", "X.690", lambda _: b""),
    ("outer length longer than needed", "X.690 10.1", lambda der: b"\x30\x83\x00" + der[2:]),
    ("nothing but a deep nest", "work limits", lambda _: b"\x30\x80" * 5000),
    ("length of four gigabytes", "X.690", lambda der: b"\x30\x84\xff\xff\xff\xff" + der[4:]),
]
for _name, _clause, _alter in WHOLE:
    add("encodings", f"whole: {_name}", False, _clause, whole(_alter))


SERIALS: list[tuple[str, bool, str, bytes, str]] = [
    ("of 20 octets", True, "RFC 5280 4.1.2.2", t(2, b"\x7f" + bytes(18) + b"\x01"), "rfc5280"),
    ("of 21 octets, checked", False, "RFC 5280 4.1.2.2", t(2, b"\x7f" + bytes(20)), "rfc5280"),
    ("negative", True, "RFC 5280 4.1.2.2: users should be prepared to handle them (PKITS 4.4.14)", num(-5), "path"),
    ("negative, browser rules", False, "BR 7.1", num(-5), "webpki"),
    ("zero", True, "RFC 5280 4.1.2.2: users should be prepared to handle them", num(0), "path"),
]
for _name, _good, _clause, _serial, _profile in SERIALS:
    add(
        "encodings",
        f"serial {_name}",
        _good,
        _clause,
        lambda serial=_serial, profile=_profile: simple(lambda i: leaf(i, serial=serial), profile=profile),
    )  # type: ignore[misc]


def curve_key(curve: ec.EllipticCurve) -> Key:
    return Key(ec.generate_private_key(curve))


def off_curve() -> bytes:
    good = key("leaf").spki
    return good[:-1] + bytes([good[-1] ^ 1])


def explicit_curve() -> bytes:
    field = seq(oid("1.2.840.10045.1.1"), num(2**256 - 2**224 + 2**192 + 2**96 - 1))
    parameters = seq(num(1), field, seq(t(4, bytes(32)), t(4, bytes(32))), t(4, b"\x04" + bytes(64)), num(2**255))
    return seq(seq(oid("1.2.840.10045.2.1"), parameters), t(3, b"\x00\x04" + bytes(64)))


def leaf_key(owner: Callable[[], Key], profile: str = "path", **more: Any) -> Callable[[], Chain]:
    return lambda: simple(lambda i: leaf(i, owner=owner(), **more), profile=profile)


def weak_root(owner: Callable[[], Key]) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root("weak", owner=owner())
        return Chain(leaf(top), [top])

    return build


KEYS: list[tuple[str, bool, str, Callable[[], Chain]]] = [
    ("P-256", True, "RFC 5480", leaf_key(lambda: curve_key(ec.SECP256R1()))),
    ("P-384", True, "RFC 5480", leaf_key(lambda: curve_key(ec.SECP384R1()))),
    ("P-521", True, "RFC 5480", leaf_key(lambda: curve_key(ec.SECP521R1()))),
    ("P-192", False, "SP 800-57: below 112 bits", leaf_key(lambda: curve_key(ec.SECP192R1()))),
    ("RSA 2048", True, "RFC 3279", leaf_key(lambda: rsa_key("leaf"))),
    ("RSA 1024, browser rules", False, "BR 6.1.5", leaf_key(lambda: rsa_key("small", 1024), "webpki")),
    (
        "RSA 1024 anchor, browser rules",
        False,
        "BR 6.1.5",
        lambda: _profiled(weak_root(lambda: rsa_key("small", 1024)), "webpki"),
    ),
    ("point off the curve", False, "RFC 5480 2.2", leaf_key(lambda: key("leaf"), spki=off_curve())),
    ("curve written out", False, "RFC 5480 2.1.1", leaf_key(lambda: key("leaf"), spki=explicit_curve())),
    (
        "unknown key algorithm",
        False,
        "RFC 5280 6.1",
        leaf_key(lambda: key("leaf"), spki=seq(seq(oid("1.2.3.4")), t(3, b"\x00\x01"))),
    ),
    (
        "RSA with exponent zero",
        False,
        "RFC 8017 3.1",
        leaf_key(
            lambda: key("leaf"),
            spki=seq(seq(oid("1.2.840.113549.1.1.1"), t(5)), t(3, b"\x00" + seq(num(2**2047 + 1), num(0)))),
        ),
    ),
    ("Ed25519, browser rules", False, "BR 7.1.3.1", leaf_key(lambda: _edwards(), "webpki")),
    ("P-256 under Chinese rules", False, "GM/T 0015", leaf_key(lambda: key("leaf"), "gm")),
]


def _edwards() -> Key:
    return edwards_key("leaf")


def _profiled(build: Callable[[], Chain], profile: str) -> Chain:
    chain = build()
    chain.profile = profile
    return chain


for _name, _good, _clause, _build in KEYS:
    add("keys", _name, _good, _clause, _build)


def hashed(algorithm: bytes, digest: hashes.HashAlgorithm) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root("old", owner=rsa_key("old"))
        signer = Key(rsa_key("old").private, algorithm, digest)
        return Chain(leaf(top, signer=signer), [top])

    return build


add("keys", "signed over MD5", False, "RFC 6151", hashed(RSA_MD5, hashes.MD5()))
add("keys", "signed over SHA-1", False, "RFC 8301, RFC 9155", hashed(RSA_SHA1, hashes.SHA1()))


@case("keys", "ECDSA identifier with parameters", False, "RFC 5758 3.2")
def _ecdsa_null() -> Chain:
    wrong = seq(oid("1.2.840.10045.4.3.2"), t(5))
    return simple(lambda issuer: leaf(issuer, algorithm=wrong))


@case("keys", "unknown signature algorithm", False, "RFC 5280 6.1.3 (a) (1)")
def _unknown_algorithm() -> Chain:
    return simple(lambda issuer: leaf(issuer, algorithm=seq(oid("1.2.3.4.5"))))


@case("keys", "algorithm of another kind of key", False, "RFC 5280 6.1.3 (a) (1)")
def _mismatch() -> Chain:
    return simple(lambda issuer: leaf(issuer, algorithm=RSA_SHA256))


USAGES: list[tuple[str, bool, list[bytes], str]] = [
    ("asked and present", True, [eku("1.3.6.1.5.5.7.3.1")], "server"),
    ("asked and absent", False, [eku("1.3.6.1.5.5.7.3.2")], "server"),
    ("no extension", True, [], "server"),
    ("any", True, [eku("2.5.29.37.0")], "server"),
    ("one of two", True, [eku("1.3.6.1.5.5.7.3.2", "1.3.6.1.5.5.7.3.1")], "client"),
    ("critical", True, [eku("1.3.6.1.5.5.7.3.1", critical=True)], "server"),
    ("unknown purpose asked by number", True, [eku("1.2.156.1.1")], "1.2.156.1.1"),
    ("code signing for a server", False, [eku("1.3.6.1.5.5.7.3.3")], "server"),
]
for _name, _good, _extra, _usage in USAGES:
    add(
        "purposes",
        _name,
        _good,
        "RFC 5280 4.2.1.12",
        lambda extra=_extra, wanted=_usage: simple(lambda i: leaf(i, extra=extra), usage=wanted),
    )  # type: ignore[misc]


@case("purposes", "intermediate limited to mail", False, "RFC 5280 4.2.1.12, BR 7.1.2: limits nest")
def _limited() -> Chain:
    top = root()
    below = middle(top, "mail ca", [eku("1.3.6.1.5.5.7.3.4")])
    return Chain(leaf(below, extra=[eku("1.3.6.1.5.5.7.3.1")]), [top], [below], usage="server")
