"""Name constraints of every form (RFC 5280 4.2.1.10) and names for hosts, addresses and mailboxes."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.trust.validation.adversarial.case import Chain, add, case
from tests.unit.trust.validation.adversarial.forge import (
    CN,
    EMAIL,
    OU,
    C,
    Made,
    O,
    aki,
    basic,
    constraints,
    directory,
    dns,
    ext,
    ip,
    key,
    leaf,
    mail,
    middle,
    name,
    oid,
    other,
    rdn,
    root,
    san,
    seq,
    ski,
    t,
    uri,
    usage,
    utf8,
)

CLAUSE = "RFC 5280 4.2.1.10"


def constrained(
    names: list[bytes],
    permitted: list[bytes] | None,
    excluded: list[bytes] | None,
    subject: bytes | None = None,
    by_root: bool = False,
) -> Callable[[], Chain]:
    def build() -> Chain:
        limit = constraints(permitted, excluded)
        if by_root:
            top = root("nc root", extensions=[basic(), usage(5, 6), ski(key("nc root")), limit])
            below = middle(top, "plain")
        else:
            top = root()
            below = middle(top, "constrained", [limit])
        return Chain(leaf(below, names=names, subject=subject), [top], [below])

    return build


NET4 = bytes([10, 1, 0, 0, 255, 255, 0, 0])
NET6 = bytes.fromhex("20010db8000000000000000000000000" + "ffffffff000000000000000000000000")
A4, B4 = bytes([10, 1, 2, 3]), bytes([10, 2, 2, 3])
A6, B6 = bytes.fromhex("20010db8" + "00" * 11 + "01"), bytes.fromhex("20010db9" + "00" * 11 + "01")
ORG = name((C, "CN"), (O, "Forge"))
ORG_CASE = name((C, "CN"), (O, "FORGE"))
OTHER_ORG = name((C, "CN"), (O, "Elsewhere"))
LONG = name((C, "CN"), (O, "Forge"), (OU, "Unit"))

TABLE: list[tuple[str, bool, list[bytes], list[bytes] | None, list[bytes] | None]] = [
    ("dns permitted exact", True, [dns("a.cn")], [dns("a.cn")], None),
    ("dns permitted below", True, [dns("x.y.a.cn")], [dns("a.cn")], None),
    ("dns permitted other case", True, [dns("X.A.CN")], [dns("a.cn")], None),
    ("dns permitted constraint in other case", True, [dns("x.a.cn")], [dns("A.cN")], None),
    ("dns permitted suffix but not label", False, [dns("xa.cn")], [dns("a.cn")], None),
    ("dns permitted above", False, [dns("cn")], [dns("a.cn")], None),
    ("dns permitted elsewhere", False, [dns("b.cn")], [dns("a.cn")], None),
    ("dns permitted one of two names", False, [dns("a.cn"), dns("b.cn")], [dns("a.cn")], None),
    ("dns permitted either of two bases", True, [dns("a.cn"), dns("b.cn")], [dns("a.cn"), dns("b.cn")], None),
    ("dns permitted wildcard below", True, [dns("*.a.cn")], [dns("a.cn")], None),
    ("dns permitted wildcard above", False, [dns("*.cn")], [dns("a.cn")], None),
    ("dns excluded exact", False, [dns("a.cn")], None, [dns("a.cn")]),
    ("dns excluded below", False, [dns("x.a.cn")], None, [dns("a.cn")]),
    ("dns excluded elsewhere", True, [dns("b.cn")], None, [dns("a.cn")]),
    ("dns excluded suffix but not label", True, [dns("xa.cn")], None, [dns("a.cn")]),
    ("dns excluded second name", False, [dns("b.cn"), dns("a.cn")], None, [dns("a.cn")]),
    ("dns excluded host under a wildcard", False, [dns("*.a.cn")], None, [dns("x.a.cn")]),
    ("dns excluded deeper than a wildcard reaches", True, [dns("*.a.cn")], None, [dns("x.y.a.cn")]),
    ("dns excluded wildcard inside", False, [dns("*.a.cn")], None, [dns("a.cn")]),
    ("dns excluded inside permitted", False, [dns("x.a.cn")], [dns("a.cn")], [dns("x.a.cn")]),
    ("dns excluded beside permitted", True, [dns("y.a.cn")], [dns("a.cn")], [dns("x.a.cn")]),
    ("dns excluded all by empty base", False, [dns("a.cn")], None, [dns("")]),
    ("dns permitted all by empty base", True, [dns("a.cn")], [dns("")], None),
    ("dns permitted leading dot", False, [dns("x.a.cn")], [dns(".a.cn")], None),
    ("dns permitted wildcard base", False, [dns("x.a.cn")], [dns("*.a.cn")], None),
    ("dns malformed name under a constraint", False, [dns("a_b!.a.cn")], [dns("a.cn")], None),
    ("dns trailing dot under a constraint", False, [dns("x.a.cn.")], [dns("a.cn")], None),
    ("dns name with NUL under a constraint", False, [dns("x\x00.a.cn")], [dns("a.cn")], None),
    ("mail permitted exact box", True, [mail("li@a.cn")], [mail("li@a.cn")], None),
    ("mail permitted other box", False, [mail("wu@a.cn")], [mail("li@a.cn")], None),
    ("mail permitted box in other case of host", True, [mail("li@A.CN")], [mail("li@a.cn")], None),
    ("mail permitted box in other case of local part", False, [mail("LI@a.cn")], [mail("li@a.cn")], None),
    ("mail permitted host", True, [mail("li@a.cn")], [mail("a.cn")], None),
    ("mail permitted host but below", False, [mail("li@x.a.cn")], [mail("a.cn")], None),
    ("mail permitted domain", True, [mail("li@x.a.cn")], [mail(".a.cn")], None),
    ("mail permitted domain but host itself", False, [mail("li@a.cn")], [mail(".a.cn")], None),
    ("mail excluded box", False, [mail("li@a.cn")], None, [mail("li@a.cn")]),
    ("mail excluded host", False, [mail("li@a.cn")], None, [mail("a.cn")]),
    ("mail excluded domain", False, [mail("li@x.a.cn")], None, [mail(".a.cn")]),
    ("mail excluded elsewhere", True, [mail("li@b.cn")], None, [mail("a.cn")]),
    ("mail malformed under a constraint", False, [mail("no-host")], [mail("a.cn")], None),
    ("mail constraint malformed", False, [mail("li@a.cn")], [mail("a..cn")], None),
    ("mail two at signs under a constraint", False, [mail("a@b@a.cn")], [mail("a.cn")], None),
    ("uri permitted host", True, [uri("https://a.cn/x")], [uri("a.cn")], None),
    ("uri permitted host with port", True, [uri("https://a.cn:8443/x")], [uri("a.cn")], None),
    ("uri permitted host with user", True, [uri("https://u@a.cn/x")], [uri("a.cn")], None),
    ("uri permitted user that looks like the host", False, [uri("https://a.cn@evil.cn/x")], [uri("a.cn")], None),
    ("uri permitted host but below", False, [uri("https://x.a.cn/")], [uri("a.cn")], None),
    ("uri permitted domain", True, [uri("https://x.a.cn/")], [uri(".a.cn")], None),
    ("uri excluded host", False, [uri("https://a.cn/")], None, [uri("a.cn")]),
    ("uri excluded domain", False, [uri("https://x.a.cn/")], None, [uri(".a.cn")]),
    ("uri without a host under a constraint", False, [uri("urn:x:y")], [uri("a.cn")], None),
    ("ip4 permitted inside", True, [ip(A4)], [ip(NET4)], None),
    ("ip4 permitted outside", False, [ip(B4)], [ip(NET4)], None),
    ("ip4 excluded inside", False, [ip(A4)], None, [ip(NET4)]),
    ("ip4 excluded outside", True, [ip(B4)], None, [ip(NET4)]),
    ("ip4 everything excluded", False, [ip(B4)], None, [ip(bytes(8))]),
    ("ip4 constraint with a mask that is no prefix", False, [ip(A4)], [ip(bytes([10, 1, 0, 0, 255, 0, 255, 0]))], None),
    ("ip4 constraint of wrong length", False, [ip(A4)], [ip(bytes(5))], None),
    ("ip4 name of wrong length under a constraint", False, [ip(b"\x0a\x01\x02")], [ip(NET4)], None),
    ("ip4 permitted, name is ip6", False, [ip(A6)], [ip(NET4)], None),
    ("ip4 excluded everything, name is ip6", True, [ip(A6)], None, [ip(bytes(8))]),
    ("ip6 permitted inside", True, [ip(A6)], [ip(NET6)], None),
    ("ip6 permitted outside", False, [ip(B6)], [ip(NET6)], None),
    ("ip6 excluded inside", False, [ip(A6)], None, [ip(NET6)]),
    ("ip6 excluded outside", True, [ip(B6)], None, [ip(NET6)]),
    ("dns permitted says nothing of ip", True, [ip(A4)], [dns("a.cn")], None),
    ("ip permitted says nothing of dns", True, [dns("a.cn")], [ip(NET4)], None),
    ("directory permitted subject", True, [], [directory(ORG)], None),
    ("directory permitted subject in other case", True, [], [directory(ORG_CASE)], None),
    ("directory permitted elsewhere", False, [], [directory(OTHER_ORG)], None),
    ("directory permitted longer than the subject", False, [], [directory(LONG)], None),
    ("directory excluded subject", False, [], None, [directory(ORG)]),
    ("directory excluded elsewhere", True, [], None, [directory(OTHER_ORG)]),
    ("directory permitted, alternative name elsewhere", False, [directory(OTHER_ORG)], [directory(ORG)], None),
    ("directory excluded alternative name", False, [directory(OTHER_ORG)], None, [directory(OTHER_ORG)]),
    ("other name excluded and present", False, [other()], None, [other()]),
    ("other name excluded and absent", True, [dns("a.cn")], None, [other()]),
    ("other name permitted and present", False, [other()], [other()], None),
    ("registered id permitted and present", False, [t(0x88, b"\x2a\x03")], [t(0x88, b"\x2a\x03")], None),
]

for _name, _good, _names, _permitted, _excluded in TABLE:
    add("constraints", _name, _good, CLAUSE, constrained(_names, _permitted, _excluded))
for _name, _good, _names, _permitted, _excluded in TABLE[:24:3]:
    add(
        "constraints",
        f"{_name} by the anchor",
        _good,
        "RFC 5937 3.2",
        constrained(_names, _permitted, _excluded, by_root=True),
    )


def with_mail_in_subject(good: bool, base: str) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root()
        below = middle(top, "constrained", [constraints([mail(base)])])
        subject = name((C, "CN"), (O, "Forge"), (EMAIL, "li@a.cn"))
        return Chain(leaf(below, names=[], subject=subject), [top], [below])

    return build


add("constraints", "mail in the subject permitted", True, CLAUSE, with_mail_in_subject(True, "a.cn"))
add("constraints", "mail in the subject elsewhere", False, CLAUSE, with_mail_in_subject(False, "b.cn"))


@case("constraints", "minimum of one", False, "RFC 5280 4.2.1.10: minimum MUST be zero")
def _minimum() -> Chain:
    top = root()
    body = seq(t(0xA0, seq(dns("a.cn"), t(0x80, b"\x01"))))
    below = middle(top, "constrained", [ext("2.5.29.30", body, critical=True)])
    return Chain(leaf(below, names=[dns("a.cn")]), [top], [below])


@case("constraints", "empty sequence", False, "RFC 5280 4.2.1.10: MUST NOT be an empty sequence")
def _empty() -> Chain:
    top = root()
    below = middle(top, "constrained", [ext("2.5.29.30", seq(), critical=True)])
    return Chain(leaf(below), [top], [below])


@case("constraints", "in an end entity", False, "RFC 5280 4.2.1.10: MUST be used only in a CA certificate")
def _in_leaf() -> Chain:
    top = root()
    return Chain(leaf(top, extra=[constraints([dns("leaf.example.cn")])]), [top])


@case("constraints", "lower authority cannot widen", False, "RFC 5280 6.1.4 (g)")
def _widen() -> Chain:
    top = root()
    one = middle(top, "one", [constraints([dns("a.cn")])])
    two = middle(one, "two", [constraints([dns("cn")])])
    return Chain(leaf(two, names=[dns("b.cn")]), [top], [one, two])


@case("constraints", "lower authority narrows", False, "RFC 5280 6.1.4 (g)")
def _narrow() -> Chain:
    top = root()
    one = middle(top, "one", [constraints([dns("a.cn")])])
    two = middle(one, "two", [constraints([dns("x.a.cn")])])
    return Chain(leaf(two, names=[dns("y.a.cn")]), [top], [one, two])


@case("constraints", "disjoint authorities permit nothing", False, "RFC 5280 6.1.4 (g)")
def _disjoint() -> Chain:
    top = root()
    one = middle(top, "one", [constraints([dns("a.cn")])])
    two = middle(one, "two", [constraints([dns("b.cn")])])
    return Chain(leaf(two, names=[dns("b.cn")]), [top], [one, two])


@case("constraints", "an intermediate's own name is excluded", False, "RFC 5280 6.1.3 (c)")
def _intermediate_excluded() -> Chain:
    top = root()
    one = middle(top, "one", [constraints(None, [directory(name((C, "CN"), (O, "Bad")))])])
    two = middle(one, "two", subject=name((C, "CN"), (O, "Bad"), (CN, "two")))
    return Chain(leaf(two), [top], [one, two])


@case("constraints", "a self-issued intermediate is exempt", True, "RFC 5280 6.1.3 (b)")
def _self_issued_exempt() -> Chain:
    subject = name((C, "CN"), (O, "Rekeyed"), (CN, "ca"))
    top = root()
    one = middle(top, "one", [constraints([directory(ORG)])], subject=subject)
    two = middle(one, "one renewed", subject=subject)
    return Chain(leaf(two), [top], [one, two])


@case("constraints", "a self-issued end entity is not exempt", False, "RFC 5280 6.1.3 (b)")
def _self_issued_leaf() -> Chain:
    subject = name((C, "CN"), (O, "Rekeyed"), (CN, "ca"))
    top = root()
    one = middle(top, "one", [constraints([directory(ORG)])], subject=subject)
    return Chain(leaf(one, subject=subject), [top], [one])


HOSTS: list[tuple[str, bool, list[bytes], str]] = [
    ("exact host", True, [dns("a.cn")], "a.cn"),
    ("other case", True, [dns("A.cn")], "a.CN"),
    ("second name", True, [dns("b.cn"), dns("a.cn")], "a.cn"),
    ("other host", False, [dns("b.cn")], "a.cn"),
    ("below the host", False, [dns("a.cn")], "x.a.cn"),
    ("wildcard one label", True, [dns("*.a.cn")], "x.a.cn"),
    ("wildcard two labels", False, [dns("*.a.cn")], "y.x.a.cn"),
    ("wildcard no label", False, [dns("*.a.cn")], "a.cn"),
    ("wildcard in the middle", False, [dns("x.*.cn")], "x.a.cn"),
    ("wildcard part of a label", False, [dns("f*.a.cn")], "foo.a.cn"),
    ("bare wildcard", False, [dns("*")], "cn"),
    ("wildcard of a top domain", False, [dns("*.cn")], "a.cn"),
    ("name with NUL", False, [dns("a.cn\x00.evil.cn")], "a.cn"),
    ("host in a mail name", False, [mail("li@a.cn")], "a.cn"),
    ("address", True, [ip(A4)], "10.1.2.3"),
    ("address 6", True, [ip(A6)], "2001:db8::1"),
    ("address 6 written long", True, [ip(A6)], "2001:0db8:0000:0000:0000:0000:0000:0001"),
    ("other address", False, [ip(B4)], "10.1.2.3"),
    ("address as host name", False, [dns("10.1.2.3")], "10.1.2.3"),
    ("mailbox", True, [mail("li@a.cn")], "li@a.cn"),
    ("mailbox with host in other case", True, [mail("li@A.cn")], "li@a.CN"),
    ("mailbox with local part in other case", False, [mail("LI@a.cn")], "li@a.cn"),
    ("other mailbox", False, [mail("wu@a.cn")], "li@a.cn"),
    ("no alternative name", False, [], "leaf"),
]


def asked(names: list[bytes], wanted: str) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root()
        return Chain(leaf(top, names=names), [top], name=wanted)

    return build


for _name, _good, _names, _wanted in HOSTS:
    add("hosts", _name, _good, "RFC 9525 6, RFC 5280 4.2.1.6", asked(_names, _wanted))


@case("hosts", "common name does not count", False, "RFC 9525 2: the common name is not used")
def _common_name() -> Chain:
    top = root()
    return Chain(leaf(top, names=[], subject=name((C, "CN"), (CN, "a.cn"))), [top], name="a.cn")


def chained(top_name: bytes, written: bytes, good: bool) -> Callable[[], Chain]:
    def build() -> Chain:
        top = root("names", subject=top_name)
        return Chain(leaf(top, issuer_name=written), [top])

    return build


def org(value: bytes) -> bytes:
    return seq(rdn(C, t(19, b"CN")), rdn(O, value))


NAMES: list[tuple[str, bool, bytes, bytes]] = [
    ("same octets", True, org(utf8("Yao Dun")), org(utf8("Yao Dun"))),
    ("other case", True, org(utf8("Yao Dun")), org(utf8("YAO dun"))),
    ("squeezed white space", True, org(utf8("Yao Dun")), org(utf8("  Yao   Dun "))),
    ("printable and utf8", True, org(t(19, b"Yao Dun")), org(utf8("Yao Dun"))),
    ("bmp and utf8", True, org(t(30, "药盾".encode("utf-16-be"))), org(utf8("药盾"))),
    ("full width and half width", True, org(utf8("ＡＢ")), org(utf8("AB"))),
    ("white space is not nothing", False, org(utf8("Yao Dun")), org(utf8("YaoDun"))),
    ("other value", False, org(utf8("Yao Dun")), org(utf8("Yao Dan"))),
    ("other order", False, org(utf8("Yao Dun")), seq(rdn(O, utf8("Yao Dun")), rdn(C, t(19, b"CN")))),
    ("missing part", False, org(utf8("Yao Dun")), seq(rdn(O, utf8("Yao Dun")))),
    ("other type", False, org(utf8("Yao Dun")), seq(rdn(C, t(19, b"CN")), rdn(OU, utf8("Yao Dun")))),
]
for _name, _good, _top, _written in NAMES:
    add("chaining", _name, _good, "RFC 5280 7.1 and 6.1.3 (a) (4)", chained(_top, _written, _good))


@case("chaining", "several values in one relative name, other order", True, "RFC 5280 7.1, X.690 11.6")
def _multi_value() -> Chain:
    one = seq(oid_pair("2.5.4.10", "A"))
    two = seq(oid_pair("2.5.4.11", "B"))
    ordered = seq(t(0x31, *sorted([one, two])))
    top = root("multi", subject=ordered)
    return Chain(leaf(top, issuer_name=ordered), [top])


def oid_pair(kind: str, value: str) -> bytes:
    return oid(kind) + utf8(value)


@case("chaining", "empty issuer", False, "RFC 5280 4.1.2.4: issuer MUST be a non-empty name")
def _empty_issuer() -> Chain:
    top = root("nameless", subject=seq())
    return Chain(leaf(top), [top])


@case("chaining", "empty subject with a critical alternative name", True, "RFC 5280 4.1.2.6")
def _empty_subject() -> Chain:
    top = root()
    made = leaf(top, subject=seq(), extensions=_leaf_extensions(top, critical=True))
    return Chain(made, [top])


@case("chaining", "empty subject, alternative name not critical, checked", False, "RFC 5280 4.2.1.6")
def _empty_subject_loose() -> Chain:
    top = root()
    made = leaf(top, subject=seq(), extensions=_leaf_extensions(top, critical=False))
    return Chain(made, [top], profile="rfc5280")


def _leaf_extensions(top: Made, critical: bool) -> list[bytes]:
    return [usage(0), ski(key("leaf")), aki(top.key), san(dns("leaf.example.cn"), critical=critical)]
