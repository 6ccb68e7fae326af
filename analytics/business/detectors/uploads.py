"""How parties upload: backfill (B18), numbers too regular (B19), machine rhythm (T12), silence (T14)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from analytics.business.bill_lines import Ints
from analytics.business.calendar import DAY_MS, HOUR_MS, local_days, local_text
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from analytics.business.tails import chi_square_above
from infra.events.business import NoticeType

_LAST_DIGITS = re.compile(r"(\d+)\D*$")


def backfill(desk: Desk) -> Iterator[Finding]:
    """B18: many old bills at once from a party that usually uploads in time."""
    limits, lines, calendar = desk.limits["backfill"], desk.book.lines, desk.book.calendar
    for party, members in desk.heads_by_party:
        lag = (lines.recorded - lines.time)[members]
        old = members[lag > limits["old_days"] * DAY_MS]
        if len(old) < limits["least_bills"]:
            continue
        prompt = _usual_lag(lag[lag <= limits["old_days"] * DAY_MS])
        for group in episodes(old.tolist(), lines.recorded, limits["burst_hours"] * HOUR_MS):
            old_here = [i for i in group if _truly_old(desk, i, limits["old_days"])]
            if len(old_here) < limits["least_bills"] or prompt > 3 * DAY_MS:
                continue
            begins, ends = int(lines.time[old_here].min()), int(lines.recorded[old_here].max())
            scopes = {"party": party, "province": lines.bills[group[0]].province or "", "system": "trace"}
            told = (NoticeType.OUTAGE, NoticeType.MAINTENANCE)
            if not calendar.told(told, begins, ends, scopes):
                ids = [event for line in old_here for event in lines.ids[line]]
                span = (float(lines.time[old_here].min()), float(lines.time[old_here].max()))
                yield finding(
                    "B18", "party", party, span, ids, 0.9, "backfill", party=party, many=len(old_here),
                    days=f"{float(np.median((lines.recorded - lines.time)[old_here])) / DAY_MS:.0f}",
                )  # fmt: skip


def _usual_lag(lags: Ints) -> float:
    """Middle delay of the bills that are not old; for a party that has hardly any, no habit is known."""
    return float(np.median(lags)) if len(lags) >= 5 else float("inf")


def _truly_old(desk: Desk, line: int, days: float) -> bool:
    lines = desk.book.lines
    begins, ends = int(lines.time[line]), int(lines.recorded[line])
    return ends - begins - desk.book.calendar.rest(begins, ends) > days * DAY_MS


def too_regular(desk: Desk) -> Iterator[Finding]:
    """B19: serials of retail sales in equal steps, or quantities whose last digits no trade gives."""
    yield from _equal_gaps(desk)
    yield from _made_up_quantities(desk)


def _equal_gaps(desk: Desk) -> Iterator[Finding]:
    """Sales of one party and product in their order; the longest stretch of one step is told."""
    limits, lines = desk.limits["regular"], desk.book.lines
    line, serial = _retail_serials(desk)
    if len(line) < limits["least_sales"]:
        return
    product = np.unique([name for name, _ in lines.batch_names], return_inverse=True)[1][lines.batch[line]]
    order = np.lexsort((line, product, lines.party[line]))
    line, serial, product, party = line[order], serial[order], product[order], lines.party[line][order]
    same = (product[1:] == product[:-1]) & (party[1:] == party[:-1])
    step = np.diff(serial)
    counts = same & ~np.isin(step, (0, 1, -1))
    cut = np.flatnonzero(np.r_[True, (step[1:] != step[:-1]) | ~counts[1:] | ~counts[:-1]])
    stops = np.r_[cut[1:], len(step)]
    best: dict[tuple[int, int], tuple[int, int]] = {}
    for start, stop in zip(cut.tolist(), stops.tolist(), strict=True):
        if counts[start] and stop + 1 - start >= limits["least_sales"]:
            key = (int(party[start]), int(product[start]))
            longest = best.get(key, (0, 0))
            best[key] = max(longest, (start, stop + 1), key=lambda run: run[1] - run[0])
    for start, stop in best.values():
        yield _gapped(desk, line[start:stop], int(step[start]))


def _gapped(desk: Desk, inside: Ints, gap: int) -> Finding:
    lines = desk.book.lines
    ids = [event for line in dict.fromkeys(inside.tolist()) for event in lines.ids[line]]
    span = (float(lines.time[inside].min()), float(lines.time[inside].max()))
    name = lines.names[int(lines.party[inside[0]])]
    return finding(
        "B19", "party", name, span, ids, 0.92, "equal_gaps",
        party=name, product=lines.bills[int(inside[0])].product, many=len(inside), gap=gap,
    )  # fmt: skip


def _retail_serials(desk: Desk) -> tuple[Ints, Ints]:
    """(line, serial) of every code a retail sale names, in the order named; codes without a number are left out."""
    lines, codes = desk.book.lines, desk.book.codes
    chosen = np.isin(lines.kind, [321, 326])[codes.named_line] if lines.n else np.zeros(0, dtype=bool)
    line, code = codes.named_line[chosen], codes.named_code[chosen]
    used, place = np.unique(code, return_inverse=True)
    names = codes.names.take(used)
    plain = pc.and_(pc.equal(pc.utf8_length(names), 20), pc.ascii_is_decimal(names)).to_numpy(zero_copy_only=False)
    plain &= pc.starts_with(names, "8").to_numpy(zero_copy_only=False)
    serials = np.full(len(used), -1, dtype=np.int64)
    cut = pc.utf8_slice_codeunits(names.filter(plain), 7, 16)
    serials[plain] = pc.cast(cut, pa.int64()).to_numpy(zero_copy_only=False)
    for number in np.flatnonzero(~plain).tolist():
        found = _LAST_DIGITS.search(names[number].as_py())
        serials[number] = int(found[1][-15:]) if found else -1
    serial = serials[place]
    return line[serial >= 0], serial[serial >= 0]


def _made_up_quantities(desk: Desk) -> Iterator[Finding]:
    """Sales to consumers whose quantities are all round and whose first digits no mixture of sizes gives (Benford)."""
    lines, limits = desk.book.lines, desk.limits["regular"]
    chosen = np.flatnonzero(np.isin(lines.kind, [320, 321, 322, 326]))
    raw = np.array([bill.quantity for bill in lines.bills])
    order = chosen[np.argsort(lines.party[chosen], kind="stable")]
    parties, starts = np.unique(lines.party[order], return_index=True)
    for party, members in zip(parties.tolist(), np.split(order, starts[1:]) if len(parties) else [], strict=True):
        amounts = raw[members]
        if len(members) < limits["least_sales"] or len(np.unique(amounts)) < 5 or (amounts < 10).mean() > 0.1:
            continue
        if (amounts % 5 == 0).mean() > 0.9 and _unlike_benford(amounts, limits["p"]):
            ids = [event for line in members.tolist() for event in lines.ids[line]]
            span = (float(lines.time[members].min()), float(lines.time[members].max()))
            name = lines.names[party]
            yield finding("B19", "party", name, span, ids, 0.85, "made_up", party=name, many=len(members))


def _unlike_benford(amounts: np.ndarray, p: float) -> bool:
    """Benford, "The law of anomalous numbers", 1938: chi-square of the first digits, and a distance that matters."""
    first = (amounts / 10.0 ** np.floor(np.log10(amounts))).astype(int)
    own = np.bincount(first, minlength=10)[1:10].astype(float)
    expected = np.log10(1 + 1 / np.arange(1, 10)) * own.sum()
    statistic = float(((own - expected) ** 2 / expected).sum())
    distance = float(np.abs(own - expected).sum()) / (2 * own.sum())
    return distance > 0.3 and chi_square_above(statistic, 8) < p


def machine_rhythm(desk: Desk) -> Iterator[Finding]:
    """T12: many bills of one second, or nearly all of a month in its last days. A packing line (101) is a machine."""
    lines = desk.book.lines
    for party, members in desk.heads_by_party:
        by_hand = members[lines.kind[members] != 101]
        seconds, many = np.unique(lines.time[by_hand] // 1000, return_counts=True)
        bad = seconds[many >= max(desk.limits["rhythm"]["same_second"], _rounded(seconds, many))]
        chosen = by_hand[np.isin(lines.time[by_hand] // 1000, bad)]
        if not len(chosen):
            chosen = _month_end(desk, members)
        if len(chosen):
            ids = [event for line in chosen.tolist() for event in lines.ids[line]]
            span = (float(lines.time[chosen].min()), float(lines.time[chosen].max()))
            yield finding(
                "T12", "party", party, span, ids, 0.9, "same_second" if len(bad) else "month_end",
                party=party, many=len(chosen), when=local_text(span[0]),
            )  # fmt: skip


def _rounded(seconds: Ints, many: Ints) -> float:
    """How many bills of one moment an exporter that knows no seconds may make; 0 where it does know them. Only what is
    far more than usual is a machine's then."""
    if not len(seconds) or float((seconds % 60 == 0).mean()) < 0.9:
        return 0.0
    return 3 * float(np.quantile(many, 0.9))


def _month_end(desk: Desk, members: Ints) -> Ints:
    """Bills of the last three days of a month that hold nearly all of it, other months not counted."""
    limits, lines = desk.limits["rhythm"], desk.book.lines
    days = local_days(lines.time[members]).astype("datetime64[D]")
    months = days.astype("datetime64[M]")
    found = [members[:0]]
    for month in np.unique(months):
        inside = months == month
        last = (month + 1).astype("datetime64[D]") - 3
        at_end = inside & (days >= last)
        whole = month.astype("datetime64[D]").astype(np.int64) * DAY_MS >= desk.book.begin
        ended = (month + 1).astype("datetime64[D]").astype(np.int64) * DAY_MS <= desk.book.end
        enough = inside.sum() >= limits["least_bills"]
        if whole and ended and enough and at_end.sum() >= limits["month_end_share"] * inside.sum():
            found.append(members[at_end])
    return np.concatenate(found)


def silent_party(desk: Desk) -> Iterator[Finding]:
    """T14: a party that holds stock stops uploading for many times its usual pause."""
    lines = desk.book.lines
    stock = _stock(desk)
    parties = list(desk.heads_by_party)
    pauses = sum(len(members) for _, members in parties)
    for party, members in parties:
        uploads = np.unique(lines.recorded[members] // HOUR_MS) * HOUR_MS
        if (
            len(uploads) < desk.limits["silence"]["least_bills"]
            or stock.get(party, 0.0) < desk.limits["silence"]["stock_share"]
        ):
            continue
        yield from _silences(desk, party, uploads, members, pauses)


def _silences(desk: Desk, party: str, uploads: Ints, members: Ints, pauses: int) -> Iterator[Finding]:
    limits, lines, calendar = desk.limits["silence"], desk.book.lines, desk.book.calendar
    gaps = np.diff(np.r_[uploads, desk.book.end]).astype(float)
    ordered = np.sort(gaps)
    mean = float(ordered[: max(1, len(ordered) - 1)].mean())
    usual = max(mean, float(np.quantile(ordered[:-1], 0.9)) / 2.3)
    chance = usual * np.log(pauses * 1000)
    second = float(ordered[-2]) if len(ordered) > 1 else 0.0
    allowed = max(limits["least_days"] * DAY_MS, limits["factor"] * usual, chance, 1.5 * second)
    for place in np.flatnonzero(gaps > allowed).tolist():
        begins, ends = int(uploads[place]), int(uploads[place] + gaps[place])
        scopes = {"party": party, "province": lines.bills[int(members[0])].province or "", "system": "trace"}
        told = calendar.told((NoticeType.OUTAGE, NoticeType.MAINTENANCE), begins, ends, scopes)
        known = desk.book.masters.parties.last(party)
        if told or gaps[place] - calendar.rest(begins, ends) <= allowed or (known is not None and known.closed):
            continue
        last = members[lines.recorded[members] <= begins + HOUR_MS]
        ids = list(lines.ids[int(last[-1])]) if len(last) else []
        yield finding(
            "T14", "party", party, (begins, ends), ids, 0.85, "silent_party",
            party=party, days=f"{gaps[place] / DAY_MS:.0f}", usual=f"{usual / DAY_MS:.1f}",
        )  # fmt: skip


def _stock(desk: Desk) -> dict[str, float]:
    """Share of what a party took in that it has not given out."""
    lines, many = desk.book.lines, len(desk.book.lines.names)
    taken = np.bincount(lines.party, lines.quantity * lines.inbound, many)
    given = np.bincount(lines.party, lines.quantity * ~lines.inbound, many)
    return dict(zip(lines.names, ((taken - given) / np.maximum(taken, 1)).tolist(), strict=True))


DETECTORS = (backfill, too_regular, machine_rhythm, silent_party)
