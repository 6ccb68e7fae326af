"""Stories of offices: sensors, queries, e-licences, exchange, exports, approvals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.integration.outsider_world import DAYS, ISSUER, TYPE, World, check_character


def sensors_and_scans(w: World) -> None:
    """B13, B20, T13."""
    cold = w.product("MAH", product_class="vaccine", temperature_min=2, temperature_max=8)
    for name, first, last, excess in (("T-1", 30, 60, 9.0), ("T-2", 30, 31, 9.0)):
        out = []
        for n in range(144):
            warm = excess if first <= n < last else 0.0
            event = w.emit(
                "sensor",
                w.at(30, n / 6),
                0.01,
                sensor=name,
                value=round(5 + warm + w.dice.uniform(-1, 1), 1),
                product=cold,
                party="DA",
            )
            out += [event] if warm else []
        (w.truth if last - first > 5 else w.quiet)("B13", "sensor", name, out)
    codes = [w.code(cold) for _ in range(400)]
    cities = [
        ("370000", "370100"),
        ("370000", "370200"),
        ("610000", "610100"),
        ("530000", "530100"),
        ("230000", "230100"),
        ("440000", "440100"),
        ("330000", "330100"),
        ("510000", "510100"),
    ]

    def ask(code: str, when: Any, who: str, n: int, **more: Any) -> str:
        province, city = cities[n % len(cities)]
        return w.emit("scan", when, 0.001, code=code, requester=who, place={"province": province, "city": city}, **more)

    storm = [ask(codes[0], w.at(30, 8 + n / 6), f"phone-{n}", n) for n in range(60)]
    w.truth("B20", "code", codes[0], storm)
    w.quiet("B20", "code", codes[1], [ask(codes[1 + n % 200], w.at(31, 8 + n / 40), f"p-{n}", n) for n in range(400)])
    inspector = [ask(codes[300], w.at(32, 9 + n / 10), "inspector-1", 0, channel="inspection") for n in range(40)]
    w.quiet("B20", "code", codes[300], inspector)
    guesses = [ask(w.code(cold), w.at(33, 2 + n / 60), "bot-7", n, found=n % 10 == 0) for n in range(80)]
    w.truth("T13", "user", "bot-7", guesses)
    w.quiet(
        "T13", "user", "granny", [ask(w.code(cold), w.at(34, 9 + n / 10), "granny", 0, found=n > 1) for n in range(5)]
    )


def number(serial: str, version: int = 1, issuer: str = ISSUER) -> str:
    body = (TYPE, issuer, serial, f"{version:03d}")
    return "1.2.156.3005.2." + ".".join((*body, check_character("".join(body))))


def e_licences(w: World) -> None:
    """B21 to B23."""
    w.emit(
        "authority",
        w.at(0),
        0.1,
        "licence",
        issuer=ISSUER,
        licence_types=[TYPE],
        regions=["370000"],
        opens="08:30",
        closes="17:30",
    )
    count = 0

    def issue(when: Any, action: str = "issue", **more: Any) -> tuple[str, str]:
        nonlocal count
        count += 1
        fields = {
            "action": action,
            "number": number(f"2027{count:06d}"),
            "licence_type": TYPE,
            "issuer": ISSUER,
            "holder": f"H{count}",
            "holder_province": "370000",
            "operator": f"clerk-{count % 4}",
            "applicant": f"firm-{count}",
            "case": f"C{count}",
            "signer": "ab12",
            "signer_from": w.at(-300).isoformat(),
            "signer_to": w.at(400).isoformat(),
            **more,
        }
        return w.emit("elicence", when, 0.01, "licence", **fields), fields["number"]

    for day in range(1, DAYS):
        if day % 7 not in (5, 6):
            for n in range(4):
                issue(w.at(day, 9 + 1.5 * n))
    right = number("2027900001")
    event, name = issue(w.at(30, 10), number=right[:-1] + ("0" if right[-1] != "0" else "1"))
    w.truth("B21", "licence", name, [event])
    event, name = issue(w.at(30, 11), number=number("2027900002", issuer="11370000004502019X"))
    w.truth("B21", "licence", name, [event])
    event, name = issue(w.at(31, 10), number="鲁2019-0042", legacy=True)
    w.quiet("B21", "licence", name, [event])
    for when, more in (
        (w.at(32, 2), {}),
        (w.at(32, 10), {"holder_province": "610000"}),
        (w.at(33, 10), {"operator": "firm-x", "applicant": "firm-x"}),
        (w.at(33, 11), {"case": None}),
    ):
        event, name = issue(when, **more)
        w.events[-1] = {key: value for key, value in w.events[-1].items() if value is not None}
        w.truth("B22", "licence", name, [event])
    w.emit(
        "notice",
        w.at(34),
        0.1,
        "licence",
        notice_type="scheduled_batch",
        begins=w.at(35, 1).isoformat(),
        ends=w.at(35, 3).isoformat(),
        scope_kind="issuer",
        scope=[ISSUER],
    )
    event, name = issue(w.at(35, 2))
    w.quiet("B22", "licence", name, [event])
    burst = [issue(w.at(38, 9 + n / 10))[0] for n in range(60)]
    w.truth("B23", "issuer", ISSUER, burst)
    w.emit(
        "notice",
        w.at(43),
        0.1,
        "licence",
        notice_type="annual_renewal",
        begins=w.at(44).isoformat(),
        ends=w.at(46).isoformat(),
        scope_kind="issuer",
        scope=[ISSUER],
    )
    w.quiet("B23", "issuer", ISSUER, [issue(w.at(45, 9 + n / 10), "renew")[0] for n in range(60)])
    event, name = issue(w.at(52, 10), signer_to=w.at(50).isoformat())
    w.truth("B23", "licence", name, [event])
    event, name = issue(w.at(53, 10))
    cycle = [event]
    for n in range(3):
        for hour, action in ((1, "revoke"), (2, "reissue")):
            cycle += issue(w.at(53, 10 + hour + 2 * n), action, number=number("2027900009"))[:1]
    w.truth("B23", "licence", number("2027900009").rsplit(".", 2)[0], cycle[1:])


def exchange(w: World) -> None:
    """B24 to B27."""
    feeds = ("370000/inspection", "610000/inspection", "530000/inspection")
    rows = lambda drift: [  # noqa: E731
        {
            "case": f"C{w.dice.randrange(10**6)}",
            "result": w.dice.choice(("pass", "pass", "pass", "fail")),
            "score": None if w.dice.random() < drift else w.dice.randrange(60, 100),
        }
        for _ in range(40)
    ]
    for feed in feeds:
        common: dict[str, Any] = {"province": feed[:6], "feed": feed, "system": "sharing"}
        for hour in range(24 * (DAYS - 20)):
            if feed != feeds[2] and 240 <= hour < 258:
                continue
            last = w.emit("heartbeat", w.at(20, hour), 0.001, interval_s=3600, **common)
            if hour == 239 and feed == feeds[0]:
                w.truth("B24", "feed", feed, [last])
            if hour == 239 and feed == feeds[1]:
                w.quiet("B24", "feed", feed, [last])
        for day in range(2, DAYS - 3):
            drift = 0.5 if feed == feeds[0] and 60 <= day < 66 else 0.01
            sample = w.emit(
                "sample", w.at(day, 3.5), 0.01, dataset="inspection", schema_version="1", rows=rows(drift), **common
            )
            if drift > 0.4 and day == 62:
                w.truth("B26", "feed", feed, [sample])
            sent, short, failed = w.dice.randrange(300, 900), 0, feed == feeds[2] and day == 33
            if feed == feeds[1] and day == 40:
                short = 25
            name = f"{feed[:6]}-{day}"
            ids = [
                w.emit(
                    "manifest",
                    w.at(day, 3),
                    0.001,
                    manifest=name,
                    dataset="inspection",
                    records=sent,
                    hash="ab" * 16,
                    **common,
                )
            ]
            if failed:
                w.emit(
                    "receipt",
                    w.at(day, 3.1),
                    0.001,
                    manifest=name,
                    dataset="inspection",
                    accepted=10,
                    status="partial",
                    **common,
                )
                w.emit(
                    "manifest",
                    w.at(day, 4),
                    0.001,
                    manifest=name,
                    dataset="inspection",
                    records=sent,
                    hash="ab" * 16,
                    attempt=2,
                    **common,
                )
            ids.append(
                w.emit(
                    "receipt",
                    w.at(day, 4.1),
                    0.001,
                    manifest=name,
                    dataset="inspection",
                    rejected=3,
                    accepted=sent - 3 - short,
                    hash="ab" * 16,
                    attempt=2 if failed else 1,
                    **common,
                )
            )
            if short:
                w.truth("B25", "manifest", name, ids)
            if failed:
                w.quiet("B25", "manifest", name, ids)
    w.emit(
        "notice",
        w.at(28),
        0.1,
        "sharing",
        notice_type="maintenance",
        begins=w.at(20, 239).isoformat(),
        ends=w.at(20, 259).isoformat(),
        scope_kind="feed",
        scope=[feeds[1]],
    )
    for user in ("u-1", "u-2", "u-3"):
        w.emit("entitlement", w.at(0), 0.1, "cooperation", user=user, dataset="enterprise", purposes=["statistics"])
        for day in range(1, DAYS):
            w.emit(
                "export",
                w.at(day, 10),
                0.01,
                "sharing",
                user=user,
                dataset="enterprise",
                purpose="statistics",
                records=w.dice.randrange(200, 400),
                case="W-1",
            )
    common = {"system": "sharing", "user": "u-1", "case": "W-1"}
    big = w.emit("export", w.at(40, 22), 0.01, dataset="enterprise", purpose="statistics", records=30_000, **common)
    w.truth("B27", "user", "u-1", [big])
    other = w.emit("export", w.at(50, 11), 0.01, dataset="inspection", purpose="statistics", records=50, **common)
    w.truth("B27", "user", "u-1", [other])
    common["user"] = "u-2"
    wrong = w.emit("export", w.at(50, 11), 0.01, dataset="enterprise", purpose="marketing", records=50, **common)
    w.truth("B27", "user", "u-2", [wrong])
    w.emit(
        "notice",
        w.at(29),
        0.1,
        "sharing",
        notice_type="month_end_report",
        begins=w.at(30).isoformat(),
        ends=w.at(31).isoformat(),
        scope_kind="user",
        scope=["u-3"],
    )
    common["user"] = "u-3"
    report = w.emit("export", w.at(30, 9), 0.01, dataset="enterprise", purpose="statistics", records=20_000, **common)
    w.quiet("B27", "user", "u-3", [report])


def approvals(w: World) -> None:
    """B28."""
    edges = [
        {"before": a, "after": b}
        for a, b in (("start", "accept"), ("accept", "review"), ("review", "decide"), ("decide", "end"))
    ]
    edges.append({"before": "accept", "after": "decide", "lane": "urgent"})
    w.emit(
        "workflow",
        w.at(0),
        0.1,
        "services",
        workflow="permit",
        edges=edges,
        limits={"review": 120, "total": 480},
        separate=[["review", "decide"]],
    )

    def case(
        name: str,
        day: float,
        stages: tuple[str, ...],
        hours: float = 24,
        lane: str = "normal",
        one: bool = False,
        paused: float = 0,
    ) -> list[str]:
        out, when = [], w.at(day, 9)
        for n, stage in enumerate(stages):
            began, when = when, when + timedelta(hours=hours if stage == "review" else 20)
            out.append(
                w.emit(
                    "step",
                    when,
                    0.01,
                    "services",
                    workflow="permit",
                    case=name,
                    stage=stage,
                    lane=lane,
                    actor="z-1" if one and n else f"z-{n}",
                    began=began.isoformat(),
                    last=stage == "decide",
                    paused_h=paused if stage == "review" else 0,
                )
            )
        return out

    usual = ("accept", "review", "decide")
    for n in range(50):
        case(f"K{n}", 12 + n, usual)
    w.truth("B28", "case", "skip", case("skip", 25, ("accept", "decide")))
    w.truth("B28", "case", "hand", case("hand", 26, usual, one=True))
    w.truth("B28", "case", "slow", case("slow", 27, usual, hours=200))
    w.quiet("B28", "case", "urgent", case("urgent", 28, ("accept", "decide"), lane="urgent"))
    w.quiet("B28", "case", "waiting", case("waiting", 29, usual, hours=200, paused=100))
