"""Bills written by hand in every format, with the bad records that deliveries of real systems have."""

from __future__ import annotations

import json
from typing import Any


def bill(number: int, **more: Any) -> dict[str, Any]:
    """A good bill."""
    return {
        "kind": "bill", "id": f"b-{number}", "system": "trace", "time": "2026-02-03T03:12:00Z",
        "recorded": "2026-02-03T09:40:11Z", "bill": f"CK-{number}", "bill_type": "201", "party": "D-0007",
        "from_party": "D-0007", "to_party": "P-0100", "product": "YP-0003", "batch": "260201", "quantity": 2,
        "codes": ["82123450000000011234", "82123450000000021234"], **more,
    }  # fmt: skip


def ndjson(items: list[Any]) -> bytes:
    """One line each."""
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


HEADER = "类型,事件标识,系统,发生时间,上报时间,单据号,单据类型,企业,品种,批号,数量,追溯码,place.lat"


def row(number: int, *, party: str = "示例医药", quantity: str = "2") -> str:
    """A row under ``HEADER``."""
    start = f"bill,b-{number},trace,2026-02-03T11:12:00+08:00,2026-02-03T17:40:11+08:00,CK-{number},201,{party}"
    return f"{start},YP-0003,260201,{quantity},82123450000000011234|82123450000000021234,30.27"


def xml(*elements: str, version: str = "1") -> bytes:
    """A document of these elements."""
    body = "".join(elements)
    return f'<?xml version="1.0"?><businessEvents version="{version}">{body}</businessEvents>'.encode()


def xml_bill(number: int, quantity: str = "2") -> str:
    """A good bill as an element."""
    return (
        f"<bill><id>x-{number}</id><system>trace</system><time>2026-02-03T03:12:00Z</time>"
        f"<recorded>2026-02-03T09:40:11Z</recorded><bill>CK-{number}</bill><bill_type>201</bill_type>"
        f"<party>D-0007</party><product>YP-0003</product><batch>260201</batch><quantity>{quantity}</quantity>"
        "<codes>82123450000000011234</codes><place><lat>30.27</lat></place></bill>"
    )
