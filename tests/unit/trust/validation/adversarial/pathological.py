"""Material that costs much: each must be answered within a second."""

from __future__ import annotations

from tests.unit.trust.validation.adversarial.case import Chain, case
from tests.unit.trust.validation.adversarial.forge import (
    Made,
    cn,
    constraints,
    directory,
    dns,
    key,
    leaf,
    middle,
    name,
    root,
)

CLAUSE = "RFC 5280 8, RFC 4158 8: bounded work"


@case("pathological", "eighty authorities of one name, none trusted", False, CLAUSE)
def _one_name() -> Chain:
    tops = [root(f"k{i}", subject=cn("same")) for i in range(80)]
    pool = [middle(tops[i], f"k{i + 1}", subject=cn("same")) for i in range(79)]
    return Chain(leaf(pool[-1]), [root("elsewhere")], pool)


@case("pathological", "one key under many names", False, CLAUSE)
def _one_key() -> Chain:
    shared = key("shared")
    owners = [Made(b"", cn(f"n{i}"), shared, 0) for i in range(9)]
    pool = [middle(one, f"n{j}", owner=shared, subject=cn(f"n{j}")) for one in owners for j in range(9)]
    return Chain(leaf(owners[0]), [root("elsewhere")], pool)


@case("pathological", "complete graph of cross-certificates", False, CLAUSE)
def _mesh() -> Chain:
    tops = [root(f"m{i}") for i in range(10)]
    pool = [middle(a, f"m{j}", owner=b.key, subject=b.subject) for a in tops for j, b in enumerate(tops) if a is not b]
    return Chain(leaf(tops[0]), [root("elsewhere")], pool)


@case("pathological", "complete graph with one way out", True, CLAUSE)
def _mesh_out() -> Chain:
    tops = [root(f"m{i}") for i in range(6)]
    pool = [middle(a, f"m{j}", owner=b.key, subject=b.subject) for a in tops for j, b in enumerate(tops) if a is not b]
    top = root()
    out = middle(top, "m0", owner=tops[0].key, subject=tops[0].subject)
    return Chain(leaf(tops[0]), [top], [*pool, out])


@case("pathological", "two hundred copies of one certificate", True, CLAUSE)
def _copies() -> Chain:
    top = root()
    below = middle(top)
    return Chain(leaf(below), [top], [below] * 200)


@case("pathological", "chain longer than the limit", False, CLAUSE)
def _long() -> Chain:
    top = root()
    issuer, pool = top, []
    for number in range(40):
        issuer = middle(issuer, f"long {number}")
        pool.append(issuer)
    return Chain(leaf(issuer), [top], pool)


@case("pathological", "two thousand names under two thousand constraints", False, CLAUSE)
def _names_by_constraints() -> Chain:
    top = root()
    limit = constraints(None, [dns(f"x{i}.cn") for i in range(2000)])
    below = middle(top, "wide", [limit])
    return Chain(leaf(below, names=[dns(f"y{i}.cn") for i in range(2000)]), [top], [below])


@case("pathological", "two hundred names under two hundred constraints", True, CLAUSE)
def _moderate() -> Chain:
    top = root()
    below = middle(top, "wide", [constraints(None, [dns(f"x{i}.cn") for i in range(200)])])
    return Chain(leaf(below, names=[dns(f"y{i}.cn") for i in range(200)]), [top], [below])


@case("pathological", "directory constraints without end", False, CLAUSE)
def _directories() -> Chain:
    top = root()
    many = [directory(name(("2.5.4.10", f"o{i}"))) for i in range(1500)]
    below = middle(top, "wide", [constraints(None, many)])
    return Chain(leaf(below, names=many), [top], [below])


@case("pathological", "name of three hundred parts", False, CLAUSE)
def _long_name() -> Chain:
    top = root()
    return Chain(leaf(top, subject=name(*((("2.5.4.11"), f"u{i}") for i in range(300)))), [top])
