"""Stories of the trade: what is wrong with codes, bills, parties and batches, and what only looks so."""

from __future__ import annotations

from tests.integration.outsider_world import DAYS, World


def everyday(w: World) -> dict[str, str]:
    """An ordinary trade of three products that goes on for the whole time; answers the names the stories use."""
    w.party("MAH", "holder")
    for name, city in (("DA", "jinan"), ("DB", "qingdao"), ("DC", "xian")):
        w.party(name, "distributor", city)
    shops = [w.party(f"S{n}", "pharmacy", ("jinan", "qingdao", "xian")[n % 3]) for n in range(9)]
    products = [w.product("MAH") for _ in range(3)]
    for day in range(1, DAYS - 8):
        if day % 7 in (5, 6):
            continue
        for n, product in enumerate(products):
            seller = ("DA", "DB", "DC")[n]
            codes = w.made(day, "MAH", product, 36)
            batch = f"B{day}"
            w.moved(day + 1, "MAH", seller, product, codes, batch=batch)
            for k, shop in enumerate(shops[n::3]):
                part = codes[12 * k : 12 * k + 12]
                w.moved(day + 3, seller, shop, product, part, batch=batch)
                w.sold(day + 5, shop, product, part[: w.dice.randrange(7, 12)], batch=batch)
    return {"seller": "DA", "shop": "S0", "far": "S2"}


def codes_and_custody(w: World) -> None:
    """B01 to B03, B05 to B07, T01, T02, T05."""
    p = w.product("MAH")
    own = {"batch": "B20"}
    codes = w.chain(20, p, 60, "MAH", "DA", "S0", batch="B20")
    bad = w.bill("102", "S3", p, [codes[0][:-1]], w.at(40, 10), from_party="DA", to_party="S3", **own)
    w.truth("B01", "bill", w.subject(bad), [bad], ["B02", "B03", "B07"])
    gs1 = w.product("MAH", scheme="gs1", prefixes=[], gtins=["06901234567892"])
    string = [f"(01)06901234567892(21)A{n}" for n in range(5)]
    w.bill("101", "MAH", gs1, string, w.at(21, 9), batch="G1")
    fine, _ = w.moved(22, "MAH", "DA", gs1, string, batch="G1")
    w.quiet("B01", "bill", w.subject(fine), [fine])
    ghosts = [w.code(p) for _ in range(6)]
    out, got = w.moved(41, "DA", "S3", p, ghosts, **own)
    w.truth("B02", "bill", w.subject(out), [out, got], ["B03"])
    late = w.product("MAH")
    slow = w.made(40, "MAH", late, 8, lag_h=24 * 9)
    fine, _ = w.moved(41, "MAH", "DA", late, slow, batch="B40")
    w.quiet("B02", "bill", w.subject(fine), [fine])
    twin, twin_got = w.moved(42, "DB", "S1", p, codes[5:9], **own)
    w.truth("B03", "bill", w.subject(twin), [twin, twin_got])
    again = w.bill("102", "S0", p, codes[10:14], w.at(43, 10), from_party="DC", to_party="S0", **own)
    w.truth("B03", "bill", w.subject(again), [again], ["B07"])
    w.sold(44, "S0", p, codes[20:24], **own)
    back = w.bill("102", "DB", p, codes[20:24], w.at(52, 11), from_party="S0", to_party="DB", **own)
    w.truth("B05", "bill", w.subject(back), [back], ["B03", "B07"])
    w.sold(44, "S0", p, codes[24:25], **own)
    w.bill("116", "S0", p, codes[24:25], w.at(46, 10), to_party="S0", **own)
    returned = w.bill("202", "S0", p, codes[24:25], w.at(47, 10), from_party="S0", to_party="DA", **own)
    taken = w.bill("103", "DA", p, codes[24:25], w.at(48, 10), from_party="S0", to_party="DA", **own)
    w.quiet("B05", "bill", w.subject(taken), [returned, taken])
    lost = w.bill("202", "S0", p, codes[26:30], w.at(50, 10), from_party="S0", to_party="DA", **own)
    w.truth("B06", "bill", w.subject(lost), [lost])
    moving = w.bill("202", "S0", p, codes[30:32], w.at(DAYS - 2, 10), from_party="S0", to_party="DA", **own)
    w.quiet("B06", "bill", w.subject(moving), [moving])
    stray = w.bill("103", "DA", p, codes[32:36], w.at(53, 10), from_party="S0", to_party="DA", **own)
    w.truth("B07", "bill", w.subject(stray), [stray])
    twice = w.bill("101", "MAH", p, codes[40:43], w.at(51, 9), **own)
    w.truth("T01", "bill", w.subject(twice), [twice], ["B08"])
    number = next(line["bill"] for line in w.events if line["kind"] == "bill" and line["codes"] == slow)
    retry = w.bill("101", "MAH", late, slow, w.at(40, 8), batch="B40", bill=number, lag_h=24 * 10, attempt=2)
    w.quiet("T01", "bill", w.subject(retry), [retry])
    one = w.sold(54, "S0", p, codes[44:45], **own)
    two = w.bill("321", "S4", p, codes[44:45], w.at(58, 12), from_party="S4", **own)
    w.truth("T02", "code", codes[44], [*one, two], ["B03", "T05"])
    w.bill("215", "S0", p, codes[46:49], w.at(55, 10), from_party="S0", **own)
    moved = w.bill("202", "S0", p, codes[46:49], w.at(60, 10), from_party="S0", to_party="DA", **own)
    got = w.bill("103", "DA", p, codes[46:49], w.at(61, 10), from_party="S0", to_party="DA", **own)
    w.truth("T05", "bill", w.subject(moved), [moved, got])
    w.bill("214", "S0", p, codes[50:52], w.at(55, 11), from_party="S0", **own)
    found = w.bill("111", "S0", p, codes[50:52], w.at(57, 11), to_party="S0", **own)
    fine, _ = w.sold(59, "S0", p, codes[50:52], **own)
    w.quiet("T05", "bill", w.subject(fine), [found, fine])


def places_and_packages(w: World) -> None:
    """B04, B09."""
    p = w.product("MAH")
    codes = w.made(25, "MAH", p, 40)
    here, there = {"place": w.place("jinan")}, {"place": w.place("kunming")}
    far = w.party("SK", "pharmacy", "kunming")
    w.bill("201", "MAH", p, codes[:5], w.at(30, 9), batch="B25", from_party="MAH", to_party=far, **here)
    fast = w.bill("102", far, p, codes[:5], w.at(30, 10), batch="B25", from_party="MAH", to_party=far, **there)
    w.truth("B04", "bill", w.subject(fast), [fast])
    w.bill("201", "MAH", p, codes[5:9], w.at(30, 9), batch="B25", from_party="MAH", to_party=far, **here)
    fine = w.bill("102", far, p, codes[5:9], w.at(30, 19), batch="B25", from_party="MAH", to_party=far, **there)
    w.quiet("B04", "bill", w.subject(fine), [fine])
    box, other = w.code(p, 2), w.code(p, 2)
    for day, parent, children in ((26, box, codes[10:20]), (26, other, codes[20:30])):
        w.emit(
            "pack", w.at(day, 9), action="pack", party="MAH", parent=parent, children=children, product=p, batch="B25"
        )
    w.moved(31, "MAH", "DA", p, [box], batch="B25", quantity=1, measure="box")
    alone, got = w.moved(36, "MAH", "DB", p, codes[10:12], batch="B25")
    w.truth("B09", "code", box, [alone, got], ["B03"])
    w.moved(31, "MAH", "DA", p, [other], batch="B25", quantity=1, measure="box")
    opened = w.emit("pack", w.at(34, 9), action="unpack", party="DA", parent=other)
    fine, _ = w.moved(35, "DA", "S0", p, codes[20:24], batch="B25")
    w.quiet("B09", "code", other, [opened, fine])


def batches_and_licences(w: World) -> None:
    """B08, B10 to B12, T09."""
    p = w.product("MAH")
    w.emit("batch", w.at(20, 7), product=p, batch="Q1", produced=w.day(20), expiry="2029-01-31", made=200)
    w.bill("101", "MAH", p, [], w.at(20, 8), batch="Q1", quantity=200)
    used = []
    for day in (30, 33, 36):
        w.bill(
            "201", "MAH", p, [], w.at(day, 9), batch="Q1", quantity=9, measure="box", from_party="MAH", to_party="S5"
        )
        w.bill("102", "S5", p, [], w.at(day + 1, 9), batch="Q1", quantity=90, from_party="MAH", to_party="S5")
        used.append(w.bill("321", "S5", p, [], w.at(day + 2, 9), batch="Q1", quantity=90, from_party="S5"))
    w.truth("B08", "batch", f"{p}/Q1", used)
    w.emit("batch", w.at(20, 7), product=p, batch="Q2", produced=w.day(20), expiry="2029-01-31", made=200)
    w.bill("101", "MAH", p, [], w.at(20, 8), batch="Q2", quantity=20, measure="box")
    w.bill("201", "MAH", p, [], w.at(30, 9), batch="Q2", quantity=20, measure="box", from_party="MAH", to_party="S5")
    w.bill("102", "S5", p, [], w.at(31, 9), batch="Q2", quantity=200, from_party="MAH", to_party="S5")
    w.quiet(
        "B08", "batch", f"{p}/Q2", [w.bill("321", "S5", p, [], w.at(33, 9), batch="Q2", quantity=195, from_party="S5")]
    )
    cold = w.product("MAH", product_class="vaccine")
    w.party("DV", "distributor", "jinan", licence=False)
    w.licence("DV", ["chemical"])
    codes = w.made(28, "MAH", cold, 20)
    _, got = w.moved(30, "MAH", "DV", cold, codes[:10], batch="B28")
    w.truth("B10", "party", "DV", [got])
    w.party("DW", "distributor", "jinan", licence=False)
    w.licence("DW", ["chemical"])
    wide = w.licence("DW", ["chemical", "vaccine"], 20, register="province")
    _, got = w.moved(30, "MAH", "DW", cold, codes[10:], batch="B28")
    w.quiet("B10", "party", "DW", [wide, got])
    w.party("SX", "pharmacy", "jinan", licence=False)
    w.licence("SX", ["chemical"], to=w.day(35))
    q = w.product("MAH")
    codes = w.chain(28, q, 40, "MAH", "DA", "SX", batch="B28")
    sales = w.sold(45, "SX", q, codes[:4], batch="B28")
    w.truth("B11", "party", "SX", sales)
    w.party("SY", "pharmacy", "jinan", licence=False)
    w.licence("SY", ["chemical"], to=w.day(35))
    more = w.licence("SY", ["chemical"], 33, to="2031-01-01", register="province", synced=w.at(60).isoformat())
    codes = w.chain(29, q, 12, "MAH", "DA", "SY", batch="B29")
    w.quiet("B11", "party", "SY", [more, *w.sold(45, "SY", q, codes[:4], batch="B29")])
    old = w.chain(20, q, 30, "MAH", "DA", "S0", batch="OLD", expiry=w.day(40))
    w.truth("B12", "batch", f"{q}/OLD", w.sold(44, "S0", q, old[:3], batch="OLD"))
    drawn = w.chain(21, q, 30, "MAH", "DA", "S0", batch="CALLED")
    w.emit("recall", w.at(40, 9), notice="R-1", product=q, batches=["CALLED"], effective=w.at(40, 9).isoformat())
    w.truth("B12", "batch", f"{q}/CALLED", w.sold(44, "S0", q, drawn[:3], batch="CALLED"))
    home = w.bill("211", "S0", q, drawn[5:9], w.at(45, 9), batch="CALLED", from_party="S0", to_party="DA")
    w.bill("108", "DA", q, drawn[5:9], w.at(46, 9), batch="CALLED", from_party="S0", to_party="DA")
    w.quiet("B12", "bill", w.subject(home), [home])
    special = w.product("MAH", special=True)
    for shop, amount in (("S6", 20), ("S7", 60), ("S8", 60)):
        period = {"period_from": w.at(0).isoformat(), "period_to": w.at(90).isoformat()}
        w.emit("quota", w.at(0), 0.1, party=shop, product=special, amount=amount, **period)
    for day, shop in ((30, "S6"), (33, "S7"), (36, "S8")):
        codes = w.made(day - 3, "MAH", special, 40)
        _, got = w.moved(day, "MAH", shop, special, codes, batch=f"B{day - 3}")
        if shop == "S6":
            w.truth("T09", "party", shop, [got])
        else:
            w.quiet("T09", "party", shop, [got])
