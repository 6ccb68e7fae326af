"""Sensitive-data discovery on generated tables: columns of real kinds beside look-alikes.

Written apart from the finders: its own check digits, its own ranges, and spellings that people use.
"""

from __future__ import annotations

import random
import string
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.figure import Row, figure

SEEDS = range(40)
ROWS = (12, 60, 400)
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WORDS = tomllib.loads((Path(__file__).parent / "sensitive.toml").read_text(encoding="utf-8"))
Maker = Callable[[random.Random], str]


def identity(r: random.Random) -> str:
    """A citizen's number that adds up."""
    born = datetime(1940, 1, 1, tzinfo=UTC) + timedelta(days=r.randrange(29_000))
    body = r.choice(_WORDS["regions"]) + born.strftime("%Y%m%d") + f"{r.randrange(1000):03d}"
    remainder = (
        sum(int(c) * w for c, w in zip(body, (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2), strict=True)) % 11
    )
    return body + "10X98765432"[remainder]


def credit_code(r: random.Random) -> str:
    """A unit's code that adds up."""
    body = (
        r.choice(["91", "91", "12", "11", "52", "93", "92"])
        + r.choice(_WORDS["regions"])
        + "".join(r.choices(_USCC, k=9))
    )
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(_USCC.index(c) * w for c, w in zip(body, weights, strict=True))
    return body + _USCC[(31 - total % 31) % 31]


def card(r: random.Random) -> str:
    """A card that adds up, sometimes in groups of four."""
    body = r.choice(["622202", "621700", "622848", "625900", "433670", "524091", "955880"]) + "".join(
        r.choices(string.digits, k=r.choice([9, 12]))
    )
    digits = [int(c) for c in body]
    for place in range(len(digits) - 1, -1, -2):
        doubled = digits[place] * 2
        digits[place] = doubled - 9 if doubled > 9 else doubled
    full = body + str(-sum(digits) % 10)
    return full if r.random() < 0.8 else " ".join(full[i : i + 4] for i in range(0, len(full), 4))


def phone(r: random.Random) -> str:
    """A mobile as people write it."""
    digits = (
        r.choice(["138", "139", "150", "151", "186", "177", "199", "133", "166", "147", "158"])
        + f"{r.randrange(10**8):08d}"
    )
    return r.choice(
        [digits] * 6
        + [
            "+86" + digits,
            "86-" + digits,
            f"{digits[:3]}-{digits[3:7]}-{digits[7:]}",
            f"{digits[:3]} {digits[3:7]} {digits[7:]}",
        ]
    )


def email(r: random.Random) -> str:
    """An address."""
    user = "".join(r.choices(string.ascii_lowercase + string.digits, k=r.randrange(4, 12)))
    return (
        user
        + r.choice(["", ".li", "_01"])
        + "@"
        + r.choice(["163.com", "qq.com", "nmpa.gov.cn", "mail.example.com", "sina.cn"])
    )


def licence(r: random.Random) -> str:
    """An identifier of an e-licence that adds up."""
    parts = [
        "".join(r.choices(string.digits + "X", k=21)),
        credit_code(r),
        f"{r.randrange(10**9):09d}",
        f"{r.randrange(1, 40):03d}",
    ]
    p = 36
    for c in "".join(parts):
        p = ((p + (string.digits + string.ascii_uppercase).index(c)) % 36 or 36) * 2 % 37
    return "1.2.156.3005.2." + ".".join([*parts, (string.digits + string.ascii_uppercase)[(37 - p) % 36]])


def trace(r: random.Random) -> str:
    """A trace code of one of a few products."""
    return "8" + r.choice(["109011", "310220", "145877", "221090", "377001"]) + f"{r.randrange(10**13):013d}"


def name(r: random.Random) -> str:
    """A person."""
    return r.choice(_WORDS["family"]) + "".join(r.choices(_WORDS["given"], k=r.choice([1, 2, 2])))


def address(r: random.Random) -> str:
    """Where somebody lives."""
    city, street = r.choice(_WORDS["cities"]), r.choice(_WORDS["streets"])
    flat = f"{r.randrange(1, 9)}单元{r.randrange(101, 999)}室"
    return f"{city}{street}{r.randrange(1, 900)}号" + r.choice(["", f"{r.randrange(1, 30)}栋", flat])


KINDS: dict[str, Maker] = {
    "identity_number": identity, "credit_code": credit_code, "bank_card": card, "phone": phone, "email": email,
    "licence_id": licence, "trace_code": trace, "name": name, "address": address,
}  # fmt: skip


def _digits(r: random.Random, count: int) -> str:
    return "".join(r.choices(string.digits, k=count))


def _stamp(r: random.Random) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=r.randrange(28_000_000))


def _sentence(r: random.Random) -> str:
    office, drug = r.choice(_WORDS["offices"]), r.choice(_WORDS["drugs"])
    return f"{office}于{_stamp(r):%Y年%m月%d日}审核{drug}，批号{r.randrange(10**8)}"


LOOKALIKES: dict[str, Maker] = {
    "order18": lambda r: _stamp(r).strftime("%Y%m%d%H%M%S") + f"{r.randrange(10**4):04d}",
    "region_order": lambda r: r.choice(_WORDS["regions"]) + _stamp(r).strftime("%Y%m%d") + f"{r.randrange(10**4):04d}",
    "digits11": lambda r: str(r.randrange(10**10, 10**11)),
    "leading1": lambda r: "1" + f"{r.randrange(10**10):010d}",
    "digits16": lambda r: str(r.randrange(10**15, 10**16)),
    "digits18": lambda r: str(r.randrange(10**17, 10**18)),
    "digits19": lambda r: "62" + f"{r.randrange(10**17):017d}",
    "digits20": lambda r: str(r.randrange(10**19, 10**20)),
    "order20": lambda r: _stamp(r).strftime("%Y%m%d%H%M%S%f"),
    "milliseconds": lambda r: str(int(_stamp(r).timestamp() * 1000)),
    "nanoseconds": lambda r: str(int(_stamp(r).timestamp()) * 10**9 + r.randrange(10**9)),
    "seconds": lambda r: str(int(_stamp(r).timestamp())),
    "uuid": lambda r: f"{r.getrandbits(128):032x}",
    "letters18": lambda r: "".join(r.choices(_USCC, k=18)),
    "handle": lambda r: "user" + str(r.randrange(1000)) + "@" + r.choice(["host", "prod-db", "10.0.0.3"]),
    "package": lambda r: f"lib{r.randrange(100)}@{r.randrange(9)}.{r.randrange(20)}.{r.randrange(9)}",
    "repository": lambda r: f"git@code.example.com:team/p{r.randrange(100)}.git",
    "oid": lambda r: "1.2.156." + ".".join(str(r.randrange(9999)) for _ in range(4)),
    "licence_wrong": lambda r: "1.2.156.3005.2." + ".".join(_digits(r, k) for k in (21, 18, 9, 3, 1)),
    "drug": lambda r: r.choice(_WORDS["drugs"]),
    "office": lambda r: r.choice(_WORDS["offices"]),
    "approval": lambda r: f"国药准字{r.choice('HZS')}{r.randrange(10**7, 10**8)}",
    "standard_code": lambda r: "869" + f"{r.randrange(10**11):011d}",
    "gtin": lambda r: "0" + f"{r.randrange(10**13):013d}",
    "amount": lambda r: f"{r.randrange(10**7) / 100:.2f}",
    "imei": lambda r: "86" + f"{r.randrange(10**13):013d}",
    "iccid": lambda r: "8986" + f"{r.randrange(10**15):015d}",
    "ip": lambda r: ".".join(str(r.randrange(256)) for _ in range(4)),
    "sentence": _sentence,
}  # fmt: skip


def notes(kind: str, make: Maker, r: random.Random) -> str:
    """Free text, in which a few rows hold the value."""
    if r.random() < 0.7:
        return _sentence(r)
    return r.choice(["请联系{}核实", "备注:{};已办", "申请人({})补正材料", "value={} ok"]).format(make(r))


def columns(seed: int) -> Iterator[tuple[str, list[str], str | None]]:
    """(name, values, kind or None) of one site's tables; names say nothing."""
    r = random.Random(seed)
    rows = r.choice(ROWS)
    number = 0
    for kind, make in KINDS.items():
        gaps = r.choice([0, 0, 0.1, 0.5])
        number += 1
        yield f"c{number}", ["" if r.random() < gaps else make(r) for _ in range(rows)], kind
        if kind not in ("name", "trace_code"):
            number += 1
            yield f"c{number}", [notes(kind, make, r) for _ in range(max(rows, 60))], kind
    for make in LOOKALIKES.values():
        number += 1
        yield f"c{number}", [make(r) for _ in range(rows)], None
    start = r.randrange(10**6)
    for first, width in ((138, 11), (8, 20), (62, 19)):
        number += 1
        yield f"c{number}", [str(first) + f"{start + i:0{width - len(str(first))}d}" for i in range(rows)], None


def score(seeds: range) -> tuple[float, float]:
    """Precision and recall of (column, kind)."""
    from analytics.datasecurity import judge_column

    right = said = true = 0
    for seed in seeds:
        for name, values, kind in columns(seed):
            found = {str(verdict.kind) for verdict in judge_column(name, values)}
            true += kind is not None
            said += len(found)
            right += kind in found
    return right / said, right / true


@figure("sensitive_f1")
def measure() -> Iterator[Row]:
    """The lower of precision and recall, as the goal has it."""
    precision, recall = score(SEEDS)
    yield Row("sensitive_f1", min(precision, recall), "ratio")
    yield Row("sensitive_precision", precision, "ratio")
    yield Row("sensitive_recall", recall, "ratio")
