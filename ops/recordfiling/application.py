"""What a unit applies with: the system, its access conformance, and all numbers others gave it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import msgspec

_PLACE = "[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]"
EXTERNAL = {
    "site_code": re.compile(r"[a-z]{2}\d{8}"),
    "icp": re.compile(rf"{_PLACE}ICP备\d{{8}}号(-\d+)?"),
    "police_network": re.compile(rf"{_PLACE}公网安备\d{{11,14}}号"),
    "mlps_certificate": re.compile(r"\d{11}-\d{5}"),
    "crypto_filing": re.compile(r"\S{4,40}"),
    "project": re.compile(r"\S{2,40}"),
}
CONFORMANCE = ("sso", "users", "authentication", "audit")
AUTHENTICATION = frozenset({"password", "otp", "ca"})


class Application(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A system that asks for a record number.

    ``column`` is its task column (1 to 14); ``conformance`` says per access rule (single sign-on, users,
    authentication, audit) whether it is met; ``external`` holds the numbers other registers gave it.
    """

    system: str
    name: str
    unit: str
    unit_code: str
    column: int
    hosts: tuple[str, ...] = ()
    conformance: dict[str, bool] = {}
    authentication: tuple[str, ...] = ()
    external: dict[str, str] = {}
    level: int = 0
    go_live: date | None = None


class Lack(msgspec.Struct, frozen=True):
    """Something an application lacks or has wrong."""

    field: str
    message_key: str
    value: str = ""


def lacks(application: Application) -> Iterator[Lack]:
    """Everything that keeps the application from being reviewed."""
    for field in ("system", "name", "unit", "unit_code"):
        if not getattr(application, field).strip():
            yield Lack(field, "ops.recordfiling.lack.missing")
    if not 1 <= application.column <= 14:
        yield Lack("column", "ops.recordfiling.lack.column", str(application.column))
    for rule in CONFORMANCE:
        if rule not in application.conformance:
            yield Lack(f"conformance.{rule}", "ops.recordfiling.lack.missing")
    for way in set(application.authentication) - AUTHENTICATION:
        yield Lack("authentication", "ops.recordfiling.lack.unknown", way)
    for kind, number in application.external.items():
        shape = EXTERNAL.get(kind)
        if shape is None or not shape.fullmatch(number):
            yield Lack(f"external.{kind}", "ops.recordfiling.lack.number", number[:40])


def nonconforming(application: Application) -> list[str]:
    """Access rules the system does not meet."""
    return [rule for rule in CONFORMANCE if application.conformance.get(rule) is not True]
