"""``DeviceRegister``: reading and changing the register of sensing devices. Blocks; call it in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from collectors.sensing.device import Device
from collectors.sensing.rows import DeviceRow
from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Records
from infra.web.seams import Actor, Authorizer

TOPIC = "devices"
MAX_KEY = 128


class Seals(Protocol):
    """Makes small secrets unreadable at rest."""

    def seal(self, secret: bytes, context: str) -> bytes: ...

    def open(self, sealed: bytes, context: str) -> bytes: ...


class DeviceRegister:
    """The devices of a site. Changes are judged by ``access`` (``register.edit``) and enter the ledger, keys as a fact
    only."""

    def __init__(self, records: Records, access: Authorizer, seals: Seals, clock: Clock | None = None) -> None:
        self._records, self._access, self._seals = records, access, seals
        self._clock = clock or SystemClock()

    def devices(self) -> Sequence[Device]:
        """All of them by id."""
        rows = select(DeviceRow).order_by(DeviceRow.id)
        return self._records.read(lambda session: [_device(row) for row in session.scalars(rows)])

    def device(self, device: str) -> Device:
        """One; ``AppError(NOT_FOUND)``."""

        def look(session: Session) -> Device:
            row = session.get(DeviceRow, device)
            if row is None:
                raise AppError(ErrorKind.NOT_FOUND, "collectors.sensing.no_device", place=device[:64])
            return _device(row)

        return self._records.read(look)

    def keys(self) -> Mapping[str, bytes]:
        """Keys by device, opened: for the process that checks readings, and no other."""
        rows = select(DeviceRow).where(DeviceRow.key.is_not(None))
        sealed = self._records.read(lambda session: [(row.id, row.key) for row in session.scalars(rows)])
        return {device: self._seals.open(key, f"device:{device}") for device, key in sealed if key}

    def save(self, actor: Actor, device: Device) -> None:
        """Make or change a device; ``AppError(INVALID)`` names the field that is wrong."""
        self._access.demand(actor, "register.edit", f"device:{device.id}")
        _check(device)

        def put(session: Session) -> None:
            row = session.get(DeviceRow, device.id)
            before = _device(row) if row else None
            keyed = bool(row and row.key)
            kept = msgspec.to_builtins(msgspec.structs.replace(device, keyed=keyed))
            if row is None:
                row = DeviceRow(id=device.id, key=None)
                session.add(row)
            row.place, row.system, row.device, row.changed = device.place, device.system, kept, self._clock.now()
            shown = {name: value for name, value in kept.items() if before is None or _was(before, name) != value}
            self._tell(session, actor, "change" if before else "create", device.id, changed=sorted(shown))

        self._records.write(put)

    def set_key(self, actor: Actor, device: str, key: bytes) -> None:
        """The key of its code of authentication; empty takes it away."""
        self._access.demand(actor, "register.edit", f"device:{device}")
        if len(key) > MAX_KEY or 0 < len(key) < 16:
            raise AppError(ErrorKind.INVALID, "collectors.sensing.key_length", place=device[:64])

        def put(session: Session) -> None:
            row = session.get(DeviceRow, device)
            if row is None:
                raise AppError(ErrorKind.NOT_FOUND, "collectors.sensing.no_device", place=device[:64])
            row.key = self._seals.seal(key, f"device:{device}") if key else None
            row.device, row.changed = {**row.device, "keyed": bool(key)}, self._clock.now()
            self._tell(session, actor, "key", device, keyed=bool(key))

        self._records.write(put)

    def _tell(self, session: Session, actor: Actor, action: str, device: str, **detail: object) -> None:
        thing, at = f"device:{device}", self._clock.now()
        record(session, actor=actor, action=f"collectors.device.{action}", thing=thing, detail=detail, at=at)
        publish(session, TOPIC, device, at=at)


def _device(row: DeviceRow) -> Device:
    return msgspec.convert({**row.device, "keyed": row.key is not None}, Device)


def _was(before: Device, name: str) -> object:
    return msgspec.to_builtins(before).get(name)


def _check(device: Device) -> None:
    try:
        msgspec.convert(msgspec.to_builtins(device), Device)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "device"
        raise AppError(ErrorKind.INVALID, "collectors.sensing.field_wrong", place=place, problem=problem) from None
    for kind, limit in device.limits.items():
        pairs: list[tuple[float | None, float | None]] = [(limit.low, limit.high)]
        if limit.storage:
            pairs.append((limit.storage.low, limit.storage.high))
        for low, high in pairs:
            if low is not None and high is not None and low > high:
                problem = f"{low} > {high}"
                raise AppError(
                    ErrorKind.INVALID, "collectors.sensing.field_wrong", place=f"limits.{kind}", problem=problem
                )
