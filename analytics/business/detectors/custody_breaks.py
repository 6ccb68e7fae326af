"""Codes whose chain of custody does not hold: B02, B03, B05, B07, T01, T02, T05."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analytics.business.bill_lines import SALES, Ints
from analytics.business.calendar import HOUR_MS, local_text
from analytics.business.custody import ENDED, Flags
from analytics.business.desk import Desk
from analytics.business.finding import Finding, finding

_SALE_NUMBERS = [int(kind) for kind in SALES]
_ENDED_NUMBERS = [int(kind) for kind in ENDED]


def unborn(desk: Desk) -> Iterator[Finding]:
    """B02: a bill moves codes that no production bill and no packing ever named."""
    lines, codes = desk.book.lines, desk.book.codes
    if not lines.n:
        return
    known = codes.born | codes.parents
    candidates = (
        ~known[codes.named_code]
        & (lines.kind[codes.named_line] != 101)
        & desk.settled[codes.named_line]
        & ~desk.before_book[lines.batch[codes.named_line]]
    )
    chosen = np.unique(codes.named_line[candidates])
    imported = np.unique(codes.named_code[lines.kind[codes.named_line] == 113])
    alive = candidates & ~np.isin(codes.named_code, imported)
    chosen = np.unique(codes.named_line[alive])
    told = [line for line in chosen.tolist() if _made_here(desk, line)]
    yield from desk.documents("B02", np.array(told, dtype=np.int64), 0.95, "unborn")


def _made_here(desk: Desk, line: int) -> bool:
    """Whether the product's holder reports here, so that a 101 would be known."""
    bill = desk.book.lines.bills[line]
    product = desk.book.masters.products.last(bill.product)
    return product is not None and desk.book.masters.reports(product.holder)


def born_twice(desk: Desk) -> Iterator[Finding]:
    """T01: a second production bill names a code that was born before."""
    lines, codes = desk.book.lines, desk.book.codes
    births = lines.kind[codes.named_line] == 101 if lines.n else np.zeros(0, dtype=bool)
    line, code = codes.named_line[births], codes.named_code[births]
    order = np.lexsort((lines.time[line], code))
    line, code = line[order], code[order]
    again = np.flatnonzero(code[1:] == code[:-1]) + 1
    again = again[[lines.document(line[i]) != lines.document(line[i - 1]) for i in again.tolist()]]
    extra: dict[int, list[str]] = {}
    for row in again.tolist():
        extra.setdefault(int(line[row]), list(lines.ids[line[row - 1]]))
    yield from desk.documents("T01", line[again], 0.95, "born_twice", extra)


def reflow(desk: Desk) -> Iterator[Finding]:
    """B05: what was sold to a patient is bought in again without a return by the consumer."""
    rows = np.flatnonzero(_reflow_rows(desk))
    yield from desk.documents("B05", desk.custody.line[rows], 0.95, "reflow", _last_sale(desk, rows))


def _reflow_rows(desk: Desk) -> Flags:
    book = desk.custody
    return np.asarray(book.used & (book.kind == 102), dtype=bool)


def _last_sale(desk: Desk, rows: Ints) -> dict[int, list[str]]:
    book = desk.custody
    sales = np.where(np.isin(book.kind, _SALE_NUMBERS), np.arange(len(book.kind)), -1)
    reached = np.maximum.accumulate(sales)[rows]
    fits = (reached >= 0) & (book.code[reached] == book.code[rows])
    return desk.others(rows[fits], reached[fits])


def sold_twice(desk: Desk) -> Iterator[Finding]:
    """T02: two final sales of one code with no return by the consumer between them."""
    book, codes, lines = desk.custody, desk.book.codes, desk.book.lines
    chosen = np.flatnonzero(np.isin(book.kind, [*_SALE_NUMBERS, 116]))
    code, kind = book.code[chosen], book.kind[chosen]
    pair = (code[1:] == code[:-1]) & (kind[1:] != 116) & (kind[:-1] != 116)
    first, second = chosen[:-1][pair], chosen[1:][pair]
    apart = book.line[first] != book.line[second]
    seen: set[tuple[int, int]] = set()
    for one, two in zip(first[apart].tolist(), second[apart].tolist(), strict=True):
        key = (int(book.line[one]), int(book.line[two]))
        if key in seen:
            continue
        seen.add(key)
        span = (float(book.time[one]), float(book.time[two]))
        ids = [*lines.ids[key[0]], *lines.ids[key[1]]]
        yield finding(
            "T02", "code", codes.name(int(book.code[two])), span, ids, 0.95, "sold_twice",
            first=lines.document(key[0]), second=lines.document(key[1]), when=local_text(span[0]),
        )  # fmt: skip


def moved_after_end(desk: Desk) -> Iterator[Finding]:
    """T05: a movement after destruction, scrap, damage, shortage, sampling or rework."""
    rows = np.flatnonzero(_ended_rows(desk))
    yield from desk.documents("T05", desk.custody.line[rows], 0.9, "moved_after_end")


def _ended_rows(desk: Desk) -> Flags:
    book = desk.custody
    own = book.own_before
    own_sold = (own >= 0) & np.isin(book.kind[own], _SALE_NUMBERS)
    sold_on = own_sold & ~book.inbound & ~np.isin(book.kind, _SALE_NUMBERS)
    passing = _reflow_codes(desk)
    return np.asarray((book.ended & (book.kind != 111)) | (sold_on & ~passing), dtype=bool)


def _reflow_codes(desk: Desk) -> Flags:
    """Rows of codes that B05 already speaks of."""
    book = desk.custody
    told = np.zeros(len(desk.book.codes.names), dtype=bool)
    told[book.code[_reflow_rows(desk)]] = True
    return told[book.code] if len(book.code) else np.zeros(0, dtype=bool)


def copied(desk: Desk) -> Iterator[Finding]:
    """B03: a code enters a stock, or leaves one, while another party holds it and nobody sent it there."""
    book = desk.custody
    rows = np.flatnonzero(_copied_in(desk) | _copied_out(desk))
    before = rows - 1
    fits = (before >= 0) & (book.code[before] == book.code[rows])
    yield from desk.documents("B03", book.line[rows], 0.9, "copied", desk.others(rows[fits], before[fits]))


def _copied_in(desk: Desk) -> Flags:
    """Inbound rows nobody sent, of a code that its named sender did not hold."""
    return _unsent(desk) & ~desk.custody.sender_has & _lives(desk)


def _copied_out(desk: Desk) -> Flags:
    """Outbound rows of a party that did not hold the code, while another did."""
    book = desk.custody
    own = book.own_before
    never = own < 0
    again = (own >= 0) & ~book.inbound[own] & ~np.isin(book.kind[own], [*_SALE_NUMBERS, *_ENDED_NUMBERS])
    wrong = ~book.inbound & (never | again) & ~book.due_in & desk.settled[book.line] & ~_reported_later(desk)
    return wrong & _lives(desk) & ~_reflow_codes(desk) & ~book.ended


def _reported_later(desk: Desk) -> Flags:
    """Rows whose party reports, some days after it gave the goods on, that it had taken them in from who sent them."""
    book, slack = desk.custody, desk.limits["custody"]["disorder_hours"] * HOUR_MS
    after = book.own_after
    answered = (after >= 0) & book.inbound[after] & (book.answer[after] >= 0)
    return np.asarray(answered & (book.time[after] - book.time < slack), dtype=bool)


def _lives(desk: Desk) -> Flags:
    """Rows of codes that were born here and have an earlier movement than this row."""
    book, codes = desk.custody, desk.book.codes
    earlier = np.r_[False, book.code[1:] == book.code[:-1]] if len(book.code) else np.zeros(0, dtype=bool)
    return codes.born[book.code] & earlier


def _unsent(desk: Desk) -> Flags:
    book = desk.custody
    reports = desk.reporting[book.source]
    explained = book.used | book.ended
    return book.unsent & reports & desk.settled[book.line] & ~explained & ~_reflow_codes(desk)


def never_sent(desk: Desk) -> Iterator[Finding]:
    """B07: goods reported in that their sender, who had them, never reported out."""
    rows = np.flatnonzero(_unsent(desk) & desk.custody.sender_has)
    yield from desk.documents("B07", desk.custody.line[rows], 0.9, "never_sent")


DETECTORS = (unborn, born_twice, reflow, sold_twice, moved_after_end, copied, never_sent)
