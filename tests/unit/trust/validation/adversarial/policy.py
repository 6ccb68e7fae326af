"""Certificate policies (RFC 9618)."""

from __future__ import annotations

from collections.abc import Callable

from tests.unit.trust.validation.adversarial.case import Chain, add
from tests.unit.trust.validation.adversarial.forge import (
    Made,
    cn,
    inhibit_any,
    leaf,
    mappings,
    middle,
    policies,
    policy_constraints,
    root,
)

A, B, X, Y = "1.2.156.1.1", "1.2.156.1.2", "1.2.156.2.1", "1.2.156.2.2"
ANY = "2.5.29.32.0"


def line(
    *levels: list[bytes],
    wanted: tuple[str, ...] = (),
    explicit: bool = False,
    no_mapping: bool = False,
    no_any: bool = False,
) -> Callable[[], Chain]:
    """Authorities with these extensions from the top, the last row being the end entity's."""

    def build() -> Chain:
        top = root()
        pool: list[Made] = []
        issuer = top
        for number, extra in enumerate(levels[:-1]):
            issuer = middle(issuer, f"policy {number}", extra)
            pool.append(issuer)
        made = leaf(issuer, extra=levels[-1])
        return Chain(
            made,
            [top],
            pool,
            policies=wanted,
            require_explicit=explicit,
            inhibit_mapping=no_mapping,
            inhibit_any=no_any,
        )

    return build


a, b, any_ = [policies(A)], [policies(B)], [policies(ANY)]
TABLE: list[tuple[str, bool, Callable[[], Chain]]] = [
    ("none needed, none there", True, line([], [])),
    ("needed, none there", False, line([], [], explicit=True)),
    ("same all the way", True, line(a, a, explicit=True)),
    ("same all the way and wanted", True, line(a, a, wanted=(A,), explicit=True)),
    ("another one wanted", False, line(a, a, wanted=(B,), explicit=True)),
    ("another one wanted but not needed", True, line(a, a, wanted=(B,))),
    ("broken in the middle", False, line(a, b, a, explicit=True)),
    ("missing in the middle", False, line(a, [], a, explicit=True)),
    ("missing at the end", False, line(a, [], explicit=True)),
    ("any in the middle", True, line(a, any_, a, wanted=(A,), explicit=True)),
    ("any all the way", True, line(any_, any_, wanted=(B,), explicit=True)),
    ("any at the end", True, line(a, any_, wanted=(A,), explicit=True)),
    ("any inhibited from the start", False, line(any_, a, explicit=True, no_any=True)),
    ("any inhibited below", False, line([policies(A), inhibit_any(0)], any_, explicit=True)),
    ("any inhibited one later", True, line([policies(ANY), inhibit_any(1)], any_, a, explicit=True)),
    ("any inhibited two later", False, line([policies(ANY), inhibit_any(1)], any_, any_, explicit=True)),
    ("authority demands, there", True, line([policies(A), policy_constraints(explicit=0)], a)),
    ("authority demands, missing", False, line([policies(A), policy_constraints(explicit=0)], [])),
    ("authority demands two later, missing", False, line([policies(A), policy_constraints(explicit=1)], a, [])),
    ("authority demands far away", True, line([policies(A), policy_constraints(explicit=9)], [])),
    ("end entity demands of itself", False, line([], [policy_constraints(explicit=0)])),
    ("mapped", True, line([policies(A), mappings((A, X))], [policies(X)], wanted=(A,), explicit=True)),
    (
        "mapped, asked in the wrong domain",
        False,
        line([policies(A), mappings((A, X))], [policies(X)], wanted=(X,), explicit=True),
    ),
    ("mapped, old name below", False, line([policies(A), mappings((A, X))], [policies(A)], explicit=True)),
    (
        "mapped twice",
        True,
        line(
            [policies(A), mappings((A, X))], [policies(X), mappings((X, Y))], [policies(Y)], wanted=(A,), explicit=True
        ),
    ),
    ("mapped to two", True, line([policies(A), mappings((A, X), (A, Y))], [policies(Y)], wanted=(A,), explicit=True)),
    (
        "two mapped to one",
        True,
        line([policies(A, B), mappings((A, X), (B, X))], [policies(X)], wanted=(B,), explicit=True),
    ),
    (
        "mapping inhibited by the user",
        False,
        line([policies(A), mappings((A, X))], [policies(X)], explicit=True, no_mapping=True),
    ),
    (
        "mapping inhibited above",
        False,
        line(
            [policies(A), policy_constraints(mapping=0)], [policies(A), mappings((A, X))], [policies(X)], explicit=True
        ),
    ),
    (
        "mapping inhibited one later",
        True,
        line(
            [policies(A), policy_constraints(mapping=1)], [policies(A), mappings((A, X))], [policies(X)], explicit=True
        ),
    ),
    ("mapping from any", False, line([policies(A), mappings((ANY, X))], [policies(X)])),
    ("mapping to any", False, line([policies(A), mappings((A, ANY))], [policies(X)])),
    (
        "mapping of what any stands for",
        True,
        line([policies(ANY), mappings((A, X))], [policies(X)], wanted=(A,), explicit=True),
    ),
    ("mapping of what was not asserted", False, line([policies(B), mappings((A, X))], [policies(X)], explicit=True)),
    ("mapping in the end entity is ignored", True, line(a, [policies(A), mappings((ANY, X))], explicit=True)),
]
for _name, _good, _build in TABLE:
    add("policies", _name, _good, "RFC 5280 6.1.3 (d)-(f), 6.1.4, RFC 9618 5", _build)


def explosion(width: int, depth: int) -> Callable[[], Chain]:
    """Every policy mapped to every policy at every level: exponential in a tree, quadratic in a graph."""
    many = [f"1.2.156.9.{i}" for i in range(width)]
    pairs = [(one, other) for one in many for other in many]

    def build() -> Chain:
        rows = [[policies(*many), mappings(*pairs)] for _ in range(depth)]
        return line(*rows, [policies(*many)], wanted=(many[0],), explicit=True)()

    return build


add("pathological", "policy explosion", True, "RFC 9618 1", explosion(12, 12))
assert cn
