"""B01: a bill names codes that cannot exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow.compute as pc

from analytics.business.bill_lines import Ints
from analytics.business.desk import Desk
from analytics.business.finding import Finding
from infra import checkdigits
from infra.events.business import Product, Scheme

_GS1 = re.compile(r"\(01\)(\d{14})\(21\)[^()]{1,20}.*")
_PLAIN_GS1 = re.compile(r"01(\d{14})21.{1,20}")
_LONGEST_PATTERN = 160


def impossible(desk: Desk) -> Iterator[Finding]:
    """B01: wrong length, first digit, prefix, GTIN, or a code that is not of the product of the bill."""
    products = desk.book.masters.products
    tests = {product: _test(products.versions(product)) for product in products.keys()}  # noqa: SIM118
    plain = {product for product in tests if products.versions(product)[-1].scheme is Scheme.TRACE20}
    wrong = _wrong_others(desk, {product: fits for product, fits in tests.items() if fits and product not in plain})
    wrong += _wrong_trace20(desk, plain).tolist()
    yield from desk.documents("B01", np.array(wrong, dtype=np.int64), 0.97, "impossible")


def _wrong_others(desk: Desk, tests: dict[str, Callable[[str], bool]]) -> list[int]:
    """Lines of products with codes of another scheme, each code tested once a product."""
    lines, codes = desk.book.lines, desk.book.codes
    numbers = {product: number for number, product in enumerate(tests)}
    of_batch = np.array([numbers.get(product, -1) for product, _ in lines.batch_names], dtype=np.int64)
    which = of_batch[lines.batch[codes.named_line]] if lines.n else np.zeros(0, dtype=np.int64)
    chosen = which >= 0
    line, key = codes.named_line[chosen], which[chosen] * max(1, len(codes.names)) + codes.named_code[chosen]
    pairs, place = np.unique(key, return_inverse=True)
    number, code = pairs // max(1, len(codes.names)), pairs % max(1, len(codes.names))
    checks = list(tests.values())
    names = codes.names.take(code).to_pylist()
    fits = np.array([checks[which](name) for which, name in zip(number.tolist(), names, strict=True)], dtype=bool)
    return [int(one) for one in np.unique(line[~fits[place]])]


def _wrong_trace20(desk: Desk, plain: set[str]) -> Ints:
    """Lines of products with 20-digit codes that name another, judged once a code and once a prefix."""
    lines, codes = desk.book.lines, desk.book.codes
    if not len(codes.names) or not plain:
        return np.zeros(0, dtype=np.int64)
    shaped = pc.and_(pc.equal(pc.utf8_length(codes.names), 20), pc.ascii_is_decimal(codes.names))
    prefixes = pc.utf8_slice_codeunits(codes.names, 0, 7).dictionary_encode()
    prefix = prefixes.indices.to_numpy(zero_copy_only=False)
    known = {name: number for number, name in enumerate(prefixes.dictionary.to_pylist())}
    fine = shaped.to_numpy(zero_copy_only=False)
    products = list(plain)
    allowed = np.zeros((len(products) + 1, len(known)), dtype=bool)
    allowed[-1] = True
    for row, product in enumerate(products):
        own = [name for version in desk.book.masters.products.versions(product) for name in version.prefixes]
        hits = (
            [known[name] for name in own if name in known]
            if own
            else [n for name, n in known.items() if name[0] == "8"]
        )
        allowed[row, hits] = True
    rows = {product: row for row, product in enumerate(products)}
    of_batch = np.array([rows.get(product, len(products)) for product, _ in lines.batch_names], dtype=np.int64)
    which = of_batch[lines.batch[codes.named_line]]
    bad = (which < len(products)) & ~(fine[codes.named_code] & allowed[which, prefix[codes.named_code]])
    return np.unique(codes.named_line[bad])


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
    if match is None or (gtins and match[1] not in gtins):
        return False
    return bool(gtins) or checkdigits.gs1(match[1])


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
