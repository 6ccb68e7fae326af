"""A sensing device as the register knows it: where it is, whose it is, what it may measure, how it is believed."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$")]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Minutes = Annotated[float, msgspec.Meta(ge=0, le=525_600)]


class Storage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A cold-chain rule: what is stored keeps between ``low`` and ``high``; it may leave that for ``minutes`` on end;
    its mean kinetic temperature over ``mkt_hours`` stays at or below ``mkt_high`` (None: not judged)."""

    low: float
    high: float
    minutes: Minutes = 30
    mkt_high: float | None = None
    mkt_hours: Annotated[float, msgspec.Meta(gt=0, le=24 * 31)] = 24


class Limit(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one kind of reading of a device may be. ``low`` and ``high`` are what it can measure at all; the same value
    for ``stuck_minutes`` is a broken sensor (0: may stay); ``drift`` is how far it may part from its neighbours in the
    same place (None: a twentieth of its range); ``open_minutes`` is how long a door (1 is open) may stand open."""

    low: float | None = None
    high: float | None = None
    unit: Text = ""
    stuck_minutes: Minutes = 360
    drift: float | None = None
    open_minutes: Minutes = 5
    storage: Storage | None = None


class Device(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device. ``interval_s`` is how often it should speak (0: never missed); ``keyed`` says that its readings carry
    a code of authentication; the key itself is never shown. ``gateways`` are those it may speak through; empty: any.
    What a ``revoked`` device says is refused."""

    id: Id
    name: Text = ""
    kind: Text = "sensor"
    place: Text = ""
    owner: Text = ""
    unit: Text = ""
    system: Text = ""
    zone: Text = ""
    interval_s: Annotated[float, msgspec.Meta(ge=0, le=31 * 86_400)] = 0
    limits: dict[str, Limit] = {}
    gateways: tuple[Text, ...] = ()
    calibrated: date | None = None
    calibration_due: date | None = None
    firmware: Text = ""
    keyed: bool = False
    retired: bool = False
    revoked: bool = False
