"""The nouns everything hangs on: unit (单位), business system (业务系统), asset (资产)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from infra.exchange import Dimension
from infra.text import Language, language

Id = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class State(StrEnum):
    """Stage of life."""

    PLANNED = "planned"
    RUNNING = "running"
    RETIRED = "retired"


class AddressKind(StrEnum):
    """How an asset is recognised in events, the surest first."""

    HOST_ID = "host_id"
    SOURCE = "source"
    IP = "ip"
    NAME = "name"
    INSTANCE = "instance"
    SERIAL = "serial"
    MAC = "mac"
    CERTIFICATE = "certificate"


class _Named(msgspec.Struct, frozen=True, kw_only=True):
    id: Id
    name_zh: Name
    name_en: str = ""

    @property
    def name(self) -> str:
        """In the language of the context."""
        return (self.name_en or self.name_zh) if language() is Language.EN else self.name_zh


class Unit(_Named, frozen=True, kw_only=True):
    """A unit that answers for systems. ``parent`` is the unit above it; ``region`` a province code (GB/T 2260)."""

    parent: str = ""
    region: str = ""
    contact: str = ""


class System(_Named, frozen=True, kw_only=True):
    """A business system. ``weights`` are its shares of the three dimensions of posture; ``level`` its protection level
    (GB/T 22239), None before it is graded."""

    unit: str = ""
    weights: dict[Dimension, Share] = {}
    level: Annotated[int, msgspec.Meta(ge=1, le=5)] | None = None
    state: State = State.RUNNING
    about: str = ""


class Address(msgspec.Struct, frozen=True):
    """How an asset was known, and when: ``[since, until)``; ``until`` None still holds. ``seen`` is when it was last
    known so, ``told_by`` by whom (agent, dhcp, arp ...)."""

    kind: AddressKind
    value: str
    since: datetime
    until: datetime | None = None
    seen: datetime | None = None
    told_by: str = ""


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """A host, device, database or service. ``importance`` runs from 0 to 1."""

    id: Id
    name: Name
    kind: str = "host"
    system: str = ""
    unit: str = ""
    dimension: Dimension = Dimension.INFRASTRUCTURE
    zone: str = ""
    importance: Share = 0.5
    state: State = State.RUNNING
    addresses: tuple[Address, ...] = ()
