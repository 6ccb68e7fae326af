"""Revocation lists (RFC 5280 section 6.3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.unit.trust.validation.adversarial.case import Chain, add, case
from tests.unit.trust.validation.adversarial.forge import (
    NOW,
    Made,
    aki,
    basic,
    cn,
    crl,
    directory,
    entry,
    ext,
    key,
    leaf,
    middle,
    num,
    points,
    root,
    seq,
    ski,
    t,
    uri,
    usage,
)

CLAUSE = "RFC 5280 6.3.3"
PLACE = t(0xA0, t(0xA0, uri("http://ca.cn/1.crl")))
ELSEWHERE = t(0xA0, t(0xA0, uri("http://ca.cn/2.crl")))


def scope(*fields: bytes) -> bytes:
    return ext("2.5.29.28", seq(*fields), critical=True)


def delta(base: int) -> bytes:
    return ext("2.5.29.27", num(base), critical=True)


Lists = Callable[[Made, Made], list[bytes]]


def listed(make: Lists, extra: list[bytes] | None = None) -> Callable[[], Chain]:
    """A leaf directly below the anchor, with the lists ``make`` gives for (anchor, leaf)."""

    def build() -> Chain:
        top = root()
        made = leaf(top, extra=extra)
        return Chain(made, [top], crls=make(top, made))

    return build


def spoil(signature: bytes) -> bytes:
    return signature[:-1] + bytes([signature[-1] ^ 1])


DAY = timedelta(days=1)
UNKNOWN = ext("1.2.156.112600.9", b"\x05\x00", critical=True)
TABLE: list[tuple[str, bool, Lists]] = [
    ("empty list", True, lambda top, _: [crl(top)]),
    ("another one revoked", True, lambda top, _: [crl(top, [entry(7)])]),
    ("revoked", False, lambda top, made: [crl(top, [entry(made.serial)])]),
    (
        "revoked among many",
        False,
        lambda top, made: [crl(top, [*(entry(i) for i in range(1, 300)), entry(made.serial)])],
    ),
    ("on hold", False, lambda top, made: [crl(top, [entry(made.serial, reason=6)])]),
    ("revoked with a reason", False, lambda top, made: [crl(top, [entry(made.serial, reason=1)])]),
    ("bad signature", False, lambda top, _: [crl(top, spoil=spoil)]),
    ("signed by another key", False, lambda top, _: [crl(top, signer=key("impostor"))]),
    ("out of date", False, lambda top, _: [crl(top, this=NOW - 9 * DAY, following=NOW - DAY)]),
    (
        "out of date and a fresh one",
        True,
        lambda top, _: [crl(top, this=NOW - 9 * DAY, following=NOW - DAY), crl(top, number=2)],
    ),
    (
        "fresh one says revoked, old one does not",
        False,
        lambda top, made: [crl(top, this=NOW - 9 * DAY, following=NOW - DAY), crl(top, [entry(made.serial)], number=2)],
    ),
    (
        "bad one revokes, good one does not",
        True,
        lambda top, made: [crl(top, [entry(made.serial)], spoil=spoil), crl(top)],
    ),
    ("list of another authority", False, lambda _, __: [crl(root("stranger"))]),
    ("unknown critical extension", False, lambda top, _: [crl(top, extensions=[UNKNOWN])]),
    ("unknown critical extension of an entry", False, lambda top, _: [crl(top, [entry(7, extensions=[UNKNOWN])])]),
    ("no number", False, lambda top, _: [crl(top, number=None)]),
    (
        "number critical",
        False,
        lambda top, _: [crl(top, number=None, extensions=[ext("2.5.29.20", num(1), critical=True)])],
    ),
    ("only end entities", True, lambda top, _: [crl(top, extensions=[scope(t(0x81, b"\xff"))])]),
    ("only authorities", False, lambda top, _: [crl(top, extensions=[scope(t(0x82, b"\xff"))])]),
    ("only attribute certificates", False, lambda top, _: [crl(top, extensions=[scope(t(0x85, b"\xff"))])]),
    ("only some reasons", False, lambda top, _: [crl(top, extensions=[scope(t(0x83, b"\x05\x60"))])]),
    (
        "some reasons and the others",
        True,
        lambda top, _: [
            crl(top, extensions=[scope(t(0x83, b"\x05\x60"))]),
            crl(top, extensions=[scope(t(0x83, b"\x07\x1f\x80"))]),
        ],
    ),
    ("part of another place", False, lambda top, _: [crl(top, extensions=[scope(PLACE)])]),
    ("delta without its base", False, lambda top, _: [crl(top, extensions=[delta(1)], number=2)]),
    (
        "delta revokes",
        False,
        lambda top, made: [crl(top), crl(top, [entry(made.serial)], extensions=[delta(1)], number=2)],
    ),
    (
        "delta takes back a hold",
        True,
        lambda top, made: [
            crl(top, [entry(made.serial, reason=6)]),
            crl(top, [entry(made.serial, reason=8)], extensions=[delta(1)], number=2),
        ],
    ),
    (
        "delta of a later base is not used",
        True,
        lambda top, made: [crl(top), crl(top, [entry(made.serial)], extensions=[delta(5)], number=6)],
    ),
    (
        "delta with a bad signature is not used",
        True,
        lambda top, made: [crl(top), crl(top, [entry(made.serial)], extensions=[delta(1)], number=2, spoil=spoil)],
    ),
    ("list from tomorrow", False, lambda top, _: [crl(top, this=NOW + 3000 * DAY, following=NOW + 3001 * DAY)]),
    ("not a list", False, lambda _, __: [b"\x30\x03\x02\x01\x01"]),
]
for _name, _good, _make in TABLE:
    add("revocation", _name, _good, CLAUSE, listed(_make))

PLACED: list[tuple[str, bool, Lists]] = [
    ("its part", True, lambda top, _: [crl(top, extensions=[scope(PLACE)])]),
    ("its part revokes", False, lambda top, made: [crl(top, [entry(made.serial)], extensions=[scope(PLACE)])]),
    ("another part only", False, lambda top, _: [crl(top, extensions=[scope(ELSEWHERE)])]),
    (
        "another part revokes, its own does not",
        True,
        lambda top, made: [
            crl(top, [entry(made.serial)], extensions=[scope(ELSEWHERE)]),
            crl(top, extensions=[scope(PLACE)]),
        ],
    ),
    ("whole list serves as well", True, lambda top, _: [crl(top)]),
]
for _name, _good, _make in PLACED:
    add("revocation", f"partitioned: {_name}", _good, CLAUSE, listed(_make, [points(PLACE)]))


def indirect(entries: Callable[[Made, Made], list[bytes]], flag: bytes, named: bool = True) -> Callable[[], Chain]:
    """The list is issued by a service below the anchor, named in the leaf's distribution point."""

    def build() -> Chain:
        top = root()
        service = middle(top, "list service", extensions=[basic(), usage(6), ski(key("list service")), aki(top.key)])
        made = leaf(top, extra=[points(t(0xA2, directory(cn("list service"))))] if named else [])
        lists = [crl(service, entries(top, made), extensions=[scope(flag)]), crl(top, following=NOW - DAY)]
        own = crl(service, number=2)
        return Chain(made, [top], [service], crls=[*lists, own])

    return build


def issued_by(name: bytes) -> bytes:
    return ext("2.5.29.29", seq(directory(name)), critical=True)


INDIRECT = t(0x84, b"\xff")
Entries = Callable[[Made, Made], list[bytes]]


def certain(revoked: Entries, flag: bytes = INDIRECT, named: bool = True) -> Callable[[], Chain]:
    """The same where the service's own certificate is covered by the anchor's list of authorities."""

    def build() -> Chain:
        chain = indirect(revoked, flag, named)()
        chain.crls = [chain.crls[0], crl(chain.anchors[0], extensions=[scope(t(0x82, b"\xff"))])]
        return chain

    return build


def under_issuer(top: Made, made: Made) -> list[bytes]:
    return [entry(made.serial, extensions=[issued_by(top.subject)])]


def issuer_named_before(top: Made, made: Made) -> list[bytes]:
    return [entry(5, extensions=[issued_by(top.subject)]), entry(made.serial)]


SERVICE: list[tuple[str, bool, Callable[[], Chain]]] = [
    ("holds nothing", True, certain(lambda _, __: [])),
    (
        "revokes under the issuer's name",
        False,
        certain(under_issuer),
    ),
    ("same number under its own name", True, certain(lambda _, made: [entry(made.serial)])),
    (
        "same number, issuer named by the entry before",
        False,
        certain(issuer_named_before),
    ),
    ("without the flag", False, certain(lambda _, __: [], flag=b"")),
    ("nobody pointed to", False, certain(lambda _, __: [], named=False)),
]
for _name, _good, _build in SERVICE:
    add("revocation", f"indirect list: {_name}", _good, CLAUSE, _build)


@case("revocation", "authority revoked above", False, "RFC 5280 6.1.3 (a) (3)")
def _middle_revoked() -> Chain:
    top = root()
    below = middle(top)
    return Chain(leaf(below), [top], [below], crls=[crl(top, [entry(below.serial)]), crl(below)])


@case("revocation", "no list for one certificate of the path", False, "RFC 5280 6.3.3: undetermined")
def _middle_unlisted() -> Chain:
    top = root()
    below = middle(top)
    return Chain(leaf(below), [top], [below], crls=[crl(below)])


@case("revocation", "authority without cRLSign", False, "RFC 5280 6.3.3 (f)")
def _no_crl_sign() -> Chain:
    top = root(extensions=[basic(), usage(5), ski(key("root"))])
    return Chain(leaf(top), [top], crls=[crl(top)])


@case("revocation", "authority without key usage", True, "RFC 5280 6.3.3 (f)")
def _no_usage() -> Chain:
    top = root(extensions=[basic(), ski(key("root"))])
    return Chain(leaf(top), [top], crls=[crl(top)])


@case("revocation", "list signed by the authority's renewed key", True, "RFC 5280 6.3.3 (f)")
def _renewed() -> Chain:
    top = root("old", subject=cn("ca"))
    new = middle(top, "new", subject=cn("ca"))
    made = leaf(top)
    return Chain(made, [top], [new], crls=[crl(new), crl(top)])


@case("revocation", "revoked by a list of another anchor of the same name", False, "RFC 5280 6.3.3 (f): same anchor")
def _other_anchor() -> Chain:
    ours, theirs = root("ours", subject=cn("ca")), root("theirs", subject=cn("ca"))
    return Chain(leaf(ours), [ours], [theirs], crls=[crl(theirs)])
