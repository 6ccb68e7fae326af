"""What every business event says, whatever its kind: who it is, when it happened, when it was recorded."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import msgspec

VERSION = 1
"""Version of the file format; a line of another version is refused."""


def says(text: str, **limits: Any) -> msgspec.Meta:
    """What a field means, and its limits."""
    return msgspec.Meta(description=text, **limits)


Id = Annotated[str, msgspec.Meta(min_length=1, max_length=160)]
Text = Annotated[str, msgspec.Meta(max_length=2000)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
Short = Annotated[str, msgspec.Meta(max_length=160)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Amount = Annotated[float, msgspec.Meta(ge=0)]
Degree = Annotated[int, msgspec.Meta(ge=1, le=5)]
Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
Longitude = Annotated[float, msgspec.Meta(ge=-180, le=180)]
Region = Annotated[str, msgspec.Meta(pattern=r"^\d{6}$")]


class BusinessSystem(StrEnum):
    """The fourteen systems of the plan, named as in the register."""

    CLOUD = "cloud"
    NETWORK = "network"
    STANDARDS = "standards"
    SHARING = "sharing"
    DOSSIER = "dossier"
    COOPERATION = "cooperation"
    PORTAL = "portal"
    SERVICES = "services"
    TRACE = "trace"
    LICENCE = "licence"
    SECOPS = "secops"
    TRUST = "trust"
    MOBILE = "mobile"
    PROJECTS = "projects"


class Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A part of an event that is not an event by itself."""


class Place(Part, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Where on the map."""

    province: Annotated[Region | None, says("GB/T 2260 code of the province, six digits ending in 0000")] = None
    city: Annotated[Region | None, says("GB/T 2260 code of the prefecture, six digits ending in 00")] = None
    lat: Annotated[Latitude | None, says("latitude, degrees north")] = None
    lon: Annotated[Longitude | None, says("longitude, degrees east")] = None


class Envelope(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind", tag=str.lower, gc=False
):
    """The fields of every kind."""

    id: Annotated[Id, says("identity of this delivery; the same id twice is the same event delivered twice")]
    system: Annotated[BusinessSystem, says("business system it comes from")]
    time: Annotated[Moment, says("when it happened, as the reporter states it")]
    recorded: Annotated[Moment, says("when the centre recorded it (upload time), by the clock of the centre")]
    v: Annotated[int, says("version of this format", ge=1)] = VERSION
    tz: Annotated[str, says("UTC offset of the reporter's clock settings, as `+08:00`", max_length=6)] = "+08:00"
    province: Annotated[Region | None, says("province of the reporter (GB/T 2260)")] = None
    feed: Annotated[Id | None, says("feed the event came by, where it has one")] = None
    simulated: Annotated[bool, says("true where a simulator wrote it; real feeds leave it out")] = False
