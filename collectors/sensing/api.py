"""The device register over HTTP."""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool as ask

from collectors.sensing.device import Device
from collectors.sensing.register import DeviceRegister
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor


class _Key(msgspec.Struct, forbid_unknown_fields=True):
    key: str


def devices_router(register: DeviceRegister, access: Authorizer) -> APIRouter:
    """``/api/v1/devices``: read them all or one, PUT one, PUT its key (base64; write-only)."""
    router = APIRouter(prefix="/api/v1/devices", tags=["devices"])

    @router.get("")
    async def devices() -> Response:
        access.demand(current_actor.get(), "register.read")
        return _json({"items": await ask(register.devices)})

    @router.get("/{device}")
    async def device(device: str) -> Response:
        access.demand(current_actor.get(), "register.read")
        return _json(await ask(register.device, device))

    @router.put("/{device}")
    async def put_device(device: str, request: Request) -> Response:
        noun = _decode(await request.body(), Device)
        if noun.id != device:
            raise AppError(
                ErrorKind.INVALID, "infra.register.id_differs", place="id", wanted=device[:64], given=noun.id
            )
        await ask(register.save, current_actor.get(), noun)
        return Response(status_code=204)

    @router.put("/{device}/key")
    async def put_key(device: str, request: Request) -> Response:
        try:
            key = base64.b64decode(_decode(await request.body(), _Key).key, validate=True)
        except (binascii.Error, ValueError):
            raise AppError(ErrorKind.INVALID, "collectors.sensing.key_length", place=device[:64]) from None
        await ask(register.set_key, current_actor.get(), device, key)
        return Response(status_code=204)

    return router


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


def _decode(body: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = where.rstrip("`") or "body"
        raise AppError(
            ErrorKind.INVALID, "collectors.sensing.field_wrong", place=place, problem=problem[:200]
        ) from None
