"""Stories of flows and uploads: lanes, provinces, surges, shells, backfill, regularity, rhythm, silence, clocks."""

from __future__ import annotations

from tests.integration.outsider_world import DAYS, World


def flows(w: World) -> None:
    """B14 to B17."""
    p = w.product("MAH")
    w.party("DN", "distributor", "harbin")
    w.party("SN", "pharmacy", "kunming")
    w.party("SM", "pharmacy", "kunming")
    w.party("SL", "pharmacy", "harbin")
    for day in range(2, 70, 4):  # the far distributor and the far pharmacies have a life before
        codes = w.made(day, "MAH", p, 12)
        w.moved(day + 1, "MAH", "DN", p, codes[:6], batch=f"B{day}")
        w.moved(day + 3, "DN", "SL", p, codes[:6], batch=f"B{day}")
        w.sold(day + 6, "SL", p, codes[:5], batch=f"B{day}")
    for shop, quiet in (("SN", False), ("SM", True)):
        if quiet:
            w.emit(
                "notice",
                w.at(35, 9),
                0.1,
                notice_type="customer_filing",
                begins=w.at(35).isoformat(),
                ends=w.at(36).isoformat(),
                scope_kind="lane",
                scope=["DN>SM"],
            )
        sent = []
        for n in range(9):
            day = 40 + 2 * n
            codes = w.made(day - 2, "MAH", p, 10, batch=f"N{shop}{n}")
            w.moved(day - 1, "MAH", "DN", p, codes, batch=f"N{shop}{n}")
            sent += w.moved(day + 1, "DN", shop, p, codes, batch=f"N{shop}{n}")[:1]
            for k in range(6):
                w.sold(day + 4 + 3 * k, shop, p, codes[k : k + 1], batch=f"N{shop}{n}")
        note = w.quiet if quiet else w.truth
        note("B14", "lane", f"DN>{shop}", sent)
    for tender in (False, True):
        _leak(w, tender=tender)
    _surge(w)
    for name, role in (("SH", "distributor"), ("TPL", "logistics")):
        w.party(name, role, "qingdao")
        events = []
        for n in range(6):
            day = 12 + 8 * n
            codes = w.made(day, "MAH", p, 10, batch=f"H{name}{n}")
            w.moved(day + 1, "MAH", "DA", p, codes, batch=f"H{name}{n}")
            events += w.moved(day + 3, "DA", name, p, codes, batch=f"H{name}{n}")[1:]
            events += w.moved(day + 5, name, "DB", p, codes, batch=f"H{name}{n}")[:1]
            w.moved(day + 7, "DB", "DA", p, codes, batch=f"H{name}{n}")
        if role == "distributor":
            w.truth("B17", "party", name, events, ["B14"])
        else:
            w.quiet("B17", "party", name, events)


def _leak(w: World, *, tender: bool) -> None:
    """A product that lives in Shandong turns up in Yunnan."""
    p = w.product("MAH")
    shops = [w.party(f"Y{p}{n}", "pharmacy", "kunming") for n in range(4)]
    for day in range(2, 64, 2):
        codes = w.made(day, "MAH", p, 10)
        w.moved(day + 1, "MAH", "DA", p, codes, batch=f"B{day}")
        w.moved(day + 3, "DA", ("S0", "S3", "S6")[day // 2 % 3], p, codes, batch=f"B{day}")
    if tender:
        w.emit(
            "notice",
            w.at(38, 9),
            0.1,
            notice_type="tender",
            begins=w.at(39).isoformat(),
            ends=w.at(70).isoformat(),
            scope_kind="product",
            scope=[p],
        )
    seen = []
    for n in range(16):
        day = 44 + n // 2
        codes = w.made(day - 3, "MAH", p, 6, batch=f"L{n}")
        w.moved(day - 2, "MAH", "DB", p, codes, batch=f"L{n}")
        seen += w.moved(day, "DB", shops[n % 4], p, codes, batch=f"L{n}")[1:]
    note = w.quiet if tender else w.truth
    more = {} if tender else {"also": ["B14"]}
    note("B15", "product_province", f"{p}/530000", seen, **more)  # type: ignore[operator]


def _surge(w: World) -> None:
    """One shop takes ten times its usual; in another product every shop does."""
    for everybody in (False, True):
        p = w.product("MAH")
        shops = ("S0", "S3", "S6", "S1", "S4")
        peak: list[str] = []
        for day in range(4, 68, 2):
            for n, shop in enumerate(shops):
                many = w.dice.randrange(8, 13)
                if 50 <= day <= 53 and (everybody or n == 0):
                    many *= 10
                codes = w.made(day, "MAH", p, many, batch=f"P{day}{shop}")
                got = w.moved(day + 1, "MAH", shop, p, codes, batch=f"P{day}{shop}")[1]
                if 50 <= day <= 53 and n == 0:
                    peak.append(got)
        if everybody:
            w.emit(
                "notice",
                w.at(46),
                0.1,
                notice_type="epidemic",
                begins=w.at(46).isoformat(),
                ends=w.at(60).isoformat(),
                scope_kind="product",
                scope=[p],
            )
        note = w.quiet if everybody else w.truth
        note("B16", "product_party", f"{p}/S0", peak)


def uploads(w: World) -> None:
    """B18, B19, B29, T12, T14."""
    p = w.product("MAH")
    names = {
        "back": "S-back",
        "outage": "S-outage",
        "made-up": "S-made-up",
        "clock": "S-clock",
        "robot": "S-robot",
        "mute": "S-mute",
        "closed": "S-closed",
        "evening": "S-evening",
    }
    for name in names.values():
        w.party(name, "pharmacy", "jinan")
    stock = {name: iter(w.chain(4, p, 400, "MAH", "DA", name, batch=f"U{name}")) for name in names.values()}

    def sell(name: str, day: float, many: int, **more: float) -> list[str]:
        codes = [next(stock[name]) for _ in range(many)]
        return [event for code in codes for event in w.sold(day, name, p, [code], batch=f"U{name}", **more)]

    for name in names.values():
        for day in range(9, 30):
            sell(name, day, 2)
    for name in ("S-back", "S-outage"):
        old = []
        for day in range(30, 50):
            codes = [next(stock[name]) for _ in range(2)]
            old += [
                w.bill("321", name, p, [code], w.at(day, 12), lag_h=24 * (62 - day), from_party=name, batch=f"U{name}")
                for code in codes
            ]
        for day in range(50, 75):
            sell(name, day, 2)
        if name == "S-outage":
            w.emit(
                "notice",
                w.at(62),
                0.1,
                notice_type="outage",
                begins=w.at(30).isoformat(),
                ends=w.at(62).isoformat(),
                scope_kind="party",
                scope=[name],
            )
        if name == "S-outage":
            w.quiet("B18", "party", name, old)
        else:
            w.truth("B18", "party", name, old, ["T14"])
    regular = [f"8170{int(p[2:]):03d}{9000000 + 7 * n:09d}{w.dice.randrange(10000):04d}" for n in range(50)]
    w.bill("101", "MAH", p, regular, w.at(9, 8), batch="REG")
    w.moved(10, "MAH", "S-made-up", p, regular, batch="REG")
    w.truth(
        "B19",
        "party",
        "S-made-up",
        [e for n, code in enumerate(regular) for e in w.sold(14 + n, "S-made-up", p, [code], batch="REG")],
        ["T12"],
    )
    early = []
    for day in range(30, 60):
        sell("S-clock", day, 1)
        early += [
            w.bill(
                "321",
                "S-clock",
                p,
                [next(stock["S-clock"])],
                w.at(day, 14),
                lag_h=-3,
                from_party="S-clock",
                batch="US-clock",
            )
        ]
    w.truth("B29", "party", "S-clock", early)
    w.quiet("B29", "party", "S-back", [old[0]])
    same = [
        w.bill(
            "321", "S-robot", p, [next(stock["S-robot"])], w.at(40, 15), lag_h=2, from_party="S-robot", batch="US-robot"
        )
        for _ in range(40)
    ]
    w.truth("T12", "party", "S-robot", same)
    evening = []
    for day in range(30, 74):
        sell("S-robot", day, 1)
        evening += [
            w.bill(
                "321",
                "S-evening",
                p,
                [next(stock["S-evening"])],
                w.at(day, 9 + n / 3),
                from_party="S-evening",
                batch="US-evening",
                lag_h=11 - n / 3,
            )
            for n in range(6)
        ]
    w.quiet("T12", "party", "S-evening", evening)
    last = sell("S-mute", 32, 1)
    w.truth("T14", "party", "S-mute", last)
    for day in range(74, DAYS):
        sell("S-mute", day, 1)
    w.emit("party", w.at(31), 0.1, party="S-closed", role="pharmacy", closed=True)
    w.quiet("T14", "party", "S-closed", sell("S-closed", 30, 1))
    for name in ("S-made-up", "S-clock"):
        for day in range(60, 78):
            sell(name, day, 1)
