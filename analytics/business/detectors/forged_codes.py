"""B01: a bill names codes that cannot exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np

from analytics.business.desk import Desk
from analytics.business.finding import Finding
from infra import checkdigits
from infra.events.business import Product, Scheme

_GS1 = re.compile(r"\(01\)(\d{14})\(21\)[^()]{1,20}.*")
_PLAIN_GS1 = re.compile(r"01(\d{14})21.{1,20}")
_LONGEST_PATTERN = 160


def impossible(desk: Desk) -> Iterator[Finding]:
    """B01: wrong length, first digit, prefix, GTIN, or a code that is not of the product of the bill."""
    lines, products = desk.book.lines, desk.book.masters.products
    tests = {product: _test(products.versions(product)) for product in products.keys()}  # noqa: SIM118
    wrong = [
        line
        for line, codes in enumerate(lines.codes)
        if codes and (fits := tests.get(lines.bills[line].product)) and not all(map(fits, codes))
    ]
    yield from desk.documents("B01", np.array(wrong, dtype=np.int64), 0.97, "impossible")


def _test(versions: list[Product]) -> Callable[[str], bool] | None:
    """What a code of the product must satisfy; None where nothing is known of its codes."""
    newest = versions[-1]
    if newest.scheme is Scheme.TRACE20:
        prefixes = tuple(dict.fromkeys(prefix for version in versions for prefix in version.prefixes))
        return lambda code: len(code) == 20 and code.isdecimal() and code.startswith(prefixes or "8")
    if newest.scheme is Scheme.GS1:
        gtins = frozenset(gtin for version in versions for gtin in version.gtins)
        return lambda code: _gs1_fits(code, gtins)
    return _own(newest.own_pattern)


def _gs1_fits(code: str, gtins: frozenset[str]) -> bool:
    match = _GS1.fullmatch(code) or _PLAIN_GS1.fullmatch(code)
    return match is not None and checkdigits.gs1(match[1]) and (not gtins or match[1] in gtins)


def _own(pattern: str | None) -> Callable[[str], bool] | None:
    """The holder's own pattern; patterns that nest repeats could run for ever and are not used."""
    if not pattern or len(pattern) > _LONGEST_PATTERN or re.search(r"[+*}]\)?[+*{]", pattern):
        return None
    try:
        compiled = re.compile(pattern)
    except re.error:
        return None
    return lambda code: bool(compiled.fullmatch(code))


DETECTORS = (impossible,)
