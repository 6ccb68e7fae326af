"""Signatures, dates, authorities, key usage, path building (RFC 5280 section 6.1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from tests.unit.trust.validation.adversarial.case import Chain, add, case, simple
from tests.unit.trust.validation.adversarial.forge import (
    END,
    NOW,
    RSA_SHA256,
    START,
    Made,
    aki,
    basic,
    cn,
    constraints,
    dns,
    edwards_key,
    key,
    leaf,
    middle,
    root,
    rsa_key,
    ski,
    usage,
    when,
)

SECOND = timedelta(seconds=1)


def flip(at: int) -> Callable[[bytes], bytes]:
    def spoil(signature: bytes) -> bytes:
        altered = bytearray(signature)
        altered[at] ^= 1
        return bytes(altered)

    return spoil


SPOILS: dict[str, Callable[[bytes], bytes]] = {
    "last bit flipped": flip(-1),
    "bit of r flipped": flip(8),
    "empty": lambda _: b"",
    "zeros": lambda signature: bytes(len(signature)),
    "truncated": lambda signature: signature[:-1],
    "trailing octet": lambda signature: signature + b"\x00",
    "r and s of zero": lambda _: bytes.fromhex("3006020100020100"),
    "another message's": lambda _: key("root").sign(b"another message"),
    "indefinite length": lambda signature: b"\x30\x80" + signature[2:] + b"\x00\x00",
}
for _name, _spoil in SPOILS.items():
    add(
        "signatures",
        f"leaf: {_name}",
        False,
        "RFC 5280 6.1.3 (a) (1)",
        lambda spoil=_spoil: simple(lambda issuer: leaf(issuer, spoil=spoil)),
    )  # type: ignore[misc]


def spoiled_middle(spoil: Callable[[bytes], bytes]) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root()
        below = middle(top, spoil=spoil)
        return Chain(leaf(below), [top], [below])

    return build


for _name in ("last bit flipped", "empty", "zeros", "another message's"):
    add("signatures", f"intermediate: {_name}", False, "RFC 5280 6.1.3 (a) (1)", spoiled_middle(SPOILS[_name]))


@case("signatures", "anchor's own signature does not matter", True, "RFC 5280 6.1: the anchor is trusted as given")
def _anchor_signature() -> Chain:
    top = root(spoil=flip(-1))
    return Chain(leaf(top), [top])


@case("signatures", "signed by another key of the same name", False, "RFC 5280 6.1.3 (a) (1)")
def _other_key() -> Chain:
    top = root()
    return Chain(leaf(top, signer=key("impostor")), [top])


@case("signatures", "impostor anchor name", False, "RFC 5280 6.1.3 (a) (1)")
def _impostor() -> Chain:
    real, false = root(), root("impostor", subject=cn("root"))
    return Chain(leaf(false), [real], [false])


@case("signatures", "inner and outer algorithm differ", False, "RFC 5280 4.1.1.2")
def _inner() -> Chain:
    return simple(lambda issuer: leaf(issuer, inner_algorithm=RSA_SHA256))


@case("signatures", "RSA chain", True, "RFC 4055")
def _rsa() -> Chain:
    top = root("rsa root", owner=rsa_key("root"))
    below = middle(top, "rsa middle", owner=rsa_key("middle"))
    return Chain(leaf(below, owner=rsa_key("leaf")), [top], [below])


@case("signatures", "Ed25519 chain", True, "RFC 8410")
def _edwards() -> Chain:
    top = root("ed root", owner=edwards_key("root"))
    below = middle(top, "ed middle", owner=edwards_key("middle"))
    return Chain(leaf(below, owner=edwards_key("leaf")), [top], [below])


@case("signatures", "kinds mixed along the path", True, "RFC 5280 6.1.3 (a) (1)")
def _mixed() -> Chain:
    top = root("mixed root", owner=rsa_key("root"))
    one = middle(top, "mixed one", owner=edwards_key("one"))
    two = middle(one, "mixed two")
    return Chain(leaf(two, owner=rsa_key("leaf")), [top], [one, two])


def dated(at: str, good_from: object, good_to: object) -> Callable[[], Chain]:
    dates = {"start": good_from, "end": good_to}

    def build() -> Chain:
        top = root(**(dates if at == "anchor" else {}))
        below = middle(top, **(dates if at == "intermediate" else {}))
        return Chain(leaf(below, **(dates if at == "leaf" else {})), [top], [below])

    return build


DATES = [
    ("starts this second", True, when(NOW), when(END)),
    ("ends this second", True, when(START), when(NOW)),
    ("starts in a second", False, when(NOW + SECOND), when(END)),
    ("ended a second ago", False, when(START), when(NOW - SECOND)),
    ("ends before it starts", False, when(END), when(START)),
    ("ends in 2060", True, when(START), when(NOW.replace(year=2060))),
]
for _place in ("anchor", "intermediate", "leaf"):
    for _name, _good, _start, _end in DATES:
        add("dates", f"{_place}: {_name}", _good, "RFC 5280 6.1.3 (a) (2)", dated(_place, _start, _end))

CLAUSE_CA = "RFC 5280 6.1.4 (k)"


def middle_with(extensions: Callable[[Made], list[bytes]]) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root()
        below = middle(top, extensions=extensions(top))
        return Chain(leaf(below), [top], [below])

    return build


def ids(top: Made) -> list[bytes]:
    return [ski(key("middle")), aki(top.key)]


AUTHORITIES: list[tuple[str, bool, Callable[[Made], list[bytes]]]] = [
    ("no basic constraints", False, lambda top: [usage(5, 6), *ids(top)]),
    ("cA false", False, lambda top: [basic(ca=False), usage(5, 6), *ids(top)]),
    ("basic constraints not critical", True, lambda top: [basic(critical=False), usage(5, 6), *ids(top)]),
    ("no keyCertSign", False, lambda top: [basic(), usage(0, 6), *ids(top)]),
    ("no key usage", True, lambda top: [basic(), *ids(top)]),
    ("key usage not critical", True, lambda top: [basic(), usage(5, 6, critical=False), *ids(top)]),
    ("path length without cA", False, lambda top: [basic(ca=False, length=0), usage(5), *ids(top)]),
    ("path length without keyCertSign", False, lambda top: [basic(length=1), usage(0), *ids(top)]),
    ("no extensions at all", False, lambda _: []),
]
for _name, _good, _make in AUTHORITIES:
    add("authorities", _name, _good, CLAUSE_CA, middle_with(_make))


def lengths(*limits: int | None, good: bool = True, depth: int | None = None) -> Callable[[], Chain]:
    """An anchor and intermediates with these path lengths."""

    def build() -> Chain:
        top = root(extensions=[basic(length=limits[0]), usage(5, 6), ski(key("root"))])
        pool: list[Made] = []
        issuer = top
        for number, limit in enumerate(limits[1:]):
            issuer = middle(issuer, f"level {number}", length=limit)
            pool.append(issuer)
        return Chain(leaf(issuer), [top], pool, max_depth=depth)

    return build


LENGTHS = [
    ("none", True, (None, None), None),
    ("anchor 0, leaf", True, (0,), None),
    ("anchor 0, one intermediate", False, (0, None), None),
    ("anchor 1, one intermediate", True, (1, None), None),
    ("anchor 1, two intermediates", False, (1, None, None), None),
    ("first 0, leaf", True, (None, 0), None),
    ("first 0, one more", False, (None, 0, None), None),
    ("lower raises it in vain", False, (None, 1, 5, None), None),
    ("lower raises it within the limit", True, (None, 2, 5, None), None),
    ("lower narrows", False, (None, 5, 0, None), None),
    ("depth 0, leaf", True, (None,), 0),
    ("depth 0, one intermediate", False, (None, None), 0),
    ("depth 1, one intermediate", True, (None, None), 1),
    ("depth 2, three intermediates", False, (None, None, None, None), 2),
    ("eight intermediates", True, (None,) * 9, None),
]
for _name, _good, _limits, _depth in LENGTHS:
    add("authorities", f"path length: {_name}", _good, "RFC 5280 6.1.4 (l), (m)", lengths(*_limits, depth=_depth))


@case("authorities", "self-issued intermediate does not count", True, "RFC 5280 6.1.4 (l)")
def _self_issued() -> Chain:
    top = root()
    one = middle(top, "ca", length=0, subject=cn("ca"))
    two = middle(one, "ca renewed", subject=cn("ca"))
    return Chain(leaf(two), [top], [one, two])


@case("authorities", "end entity signs", False, CLAUSE_CA)
def _leaf_signs() -> Chain:
    top = root()
    one = leaf(top, "not an authority")
    return Chain(leaf(one, "victim"), [top], [one])


@case("authorities", "end entity with keyCertSign", False, "RFC 5280 4.2.1.9: keyCertSign without cA")
def _leaf_cert_sign() -> Chain:
    top = root()
    return Chain(leaf(top, extensions=[usage(0, 5), ski(key("leaf")), aki(top.key)]), [top])


@case("authorities", "authority as the object", True, "RFC 5280 6.1: any certificate may be the target")
def _ca_as_leaf() -> Chain:
    top = root()
    return Chain(middle(top), [top])


@case("authorities", "version 1 intermediate", False, "RFC 5280 6.1.4 (k)")
def _version_1() -> Chain:
    top = root()
    below = middle(top, extensions=[], version=None)
    return Chain(leaf(below), [top], [below])


@case("authorities", "anchor that is no authority", False, "RFC 5937 3.2")
def _plain_anchor() -> Chain:
    top = root(extensions=[usage(0), ski(key("root"))])
    return Chain(leaf(top), [top])


BUILD = "RFC 4158, RFC 5280 6"


@case("building", "object is an anchor", True, BUILD)
def _object_is_anchor() -> Chain:
    top = root()
    made = leaf(top)
    return Chain(made, [made])


@case("building", "intermediate is the anchor", True, BUILD)
def _intermediate_anchor() -> Chain:
    top = root()
    below = middle(top)
    return Chain(leaf(below), [below], [top])


@case("building", "intermediate missing", False, BUILD)
def _missing() -> Chain:
    top = root()
    return Chain(leaf(middle(top)), [top])


@case("building", "anchor unknown", False, BUILD)
def _unknown() -> Chain:
    top = root()
    below = middle(top)
    return Chain(leaf(below), [root("someone else")], [below, top])


@case("building", "pool upside down with strangers", True, BUILD)
def _shuffled() -> Chain:
    top = root()
    one, strangers = middle(top, "one"), [middle(root(f"s{i}"), f"stranger {i}") for i in range(5)]
    two = middle(one, "two")
    return Chain(leaf(two), [top], [*strangers, two, one])


@case("building", "expired twin of the intermediate first", True, BUILD)
def _expired_twin() -> Chain:
    top = root()
    old = middle(top, end=when(NOW - SECOND))
    new = middle(top)
    return Chain(leaf(new), [top], [old, new])


@case("building", "twin with another key first", True, BUILD)
def _twin_key() -> Chain:
    top = root()
    other, real = middle(top, "other", subject=cn("ca")), middle(top, "real", subject=cn("ca"))
    return Chain(leaf(real), [top], [other, real])


@case("building", "twin without keyCertSign first", True, BUILD)
def _twin_usage() -> Chain:
    top = root()
    bad = middle(top, extensions=[basic(), usage(0), *ids(top)])
    good = middle(top)
    return Chain(leaf(good), [top], [bad, good])


def cross(good_side: bool) -> Chain:
    """Two roots; the intermediate's issuer is cross-signed by the trusted one."""
    ours, theirs = root("ours"), root("theirs")
    crossed = middle(ours, "theirs", owner=theirs.key, subject=theirs.subject)
    below = middle(theirs, "below")
    return Chain(leaf(below), [ours], [theirs, below, *([crossed] if good_side else [])])


add("building", "cross-certificate", True, BUILD, lambda: cross(True))
add("building", "cross-certificate missing", False, BUILD, lambda: cross(False))


@case("building", "bridge between two domains", True, BUILD)
def _bridge() -> Chain:
    ours, theirs, bridge = root("ours"), root("theirs"), root("bridge")
    up = middle(ours, "bridge", owner=bridge.key, subject=bridge.subject)
    down = middle(bridge, "theirs", owner=theirs.key, subject=theirs.subject)
    back = middle(bridge, "ours", owner=ours.key, subject=ours.subject)
    below = middle(theirs, "their ca")
    return Chain(leaf(below), [ours], [bridge, theirs, back, below, down, up])


@case("building", "loop of two authorities", False, BUILD)
def _loop() -> Chain:
    one, two = root("one"), root("two")
    a = middle(two, "one", owner=one.key, subject=one.subject)
    b = middle(one, "two", owner=two.key, subject=two.subject)
    return Chain(leaf(one), [root("elsewhere")], [a, b])


@case("building", "loop with a way out", True, BUILD)
def _loop_out() -> Chain:
    one, two, top = root("one"), root("two"), root()
    a = middle(two, "one", owner=one.key, subject=one.subject)
    b = middle(one, "two", owner=two.key, subject=two.subject)
    out = middle(top, "two", owner=two.key, subject=two.subject)
    return Chain(leaf(one), [top], [a, b, out])


@case("building", "renewed key, old with new", True, BUILD)
def _old_with_new() -> Chain:
    old, new = root("old", subject=cn("ca")), root("new", subject=cn("ca"))
    bridge = middle(new, "old", owner=old.key, subject=cn("ca"))
    return Chain(leaf(old), [new], [bridge, old])


@case("building", "second anchor of the same name", True, BUILD)
def _second_anchor() -> Chain:
    old, new = root("old", subject=cn("ca")), root("new", subject=cn("ca"))
    return Chain(leaf(new), [old, new])


@case("building", "constrained way fails, other way holds", True, BUILD)
def _other_way() -> Chain:
    top = root()
    narrow = middle(top, "ca", [constraints([dns("elsewhere.cn")])], subject=cn("ca"))
    wide = middle(top, "ca", subject=cn("ca"))
    return Chain(leaf(wide), [top], [narrow, wide])


def wrong_ids(good: bool, profile: str) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root()
        made = leaf(top, extensions=[usage(0), ski(key("leaf")), aki(key("stranger"))])
        return Chain(made, [top], profile=profile)

    return build


add("building", "key identifier of another key is only a hint", True, "RFC 5280 4.2.1.1", wrong_ids(True, "path"))
add(
    "building", "key identifier of another key, profile checked", False, "RFC 5280 4.2.1.1", wrong_ids(False, "rfc5280")
)
