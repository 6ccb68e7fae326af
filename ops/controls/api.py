"""Controls over HTTP: objects, units with evidence, people's verdicts, high-risk cases."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Body, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.controls.board import Board, Profile
from ops.controls.highrisk import Risk
from ops.controls.service import Controls, described
from ops.controls.verdict import Verdict


class Judge(BaseModel):
    """A person's verdict on a unit."""

    unit: str
    verdict: Verdict
    reason: str
    valid_until: datetime
    asset: str = ""
    evidence_sha256: str = ""


class ObjectSummary(msgspec.Struct, frozen=True):
    """An object at a glance: units per verdict, how ready in percent and how far evidence could still move it."""

    id: str
    name: str
    unit: str
    label: str
    verdicts: dict[str, int]
    ready_percent: float
    drift: int
    high_risks: int


def summary(board: Board, fired: list[Risk]) -> ObjectSummary:
    """The summary of one object."""
    states = list(board.units())
    reached, reachable = board.credit()
    profile = board.profile
    counts = Counter(str(state.verdict) for state in states)
    ready = round(100 * reached / reachable, 1) if reachable else 0.0
    open_risks = sum(not risk.mitigated for risk in fired)
    drift = sum(state.drift for state in states)
    return ObjectSummary(
        profile.id, profile.name, profile.unit, str(profile.selection), dict(counts), ready, drift, open_risks
    )


def controls_router(controls: Controls, access: Authorizer) -> APIRouter:
    """``/api/v1/controls``: objects, one object's units, one unit, verdicts by people, high-risk cases."""
    router = APIRouter(prefix="/api/v1/controls", tags=["controls"])

    @router.get("")
    async def objects(unit: str = "") -> Response:
        access.demand(current_actor.get(), "controls.read")
        profiles = await run_in_threadpool(controls.profiles, unit)
        return _answer([await run_in_threadpool(_summary, controls, one.id) for one in profiles])

    @router.put("/{object_id}")
    async def declare(object_id: str, body: Annotated[dict[str, Any], Body()]) -> Response:
        actor = current_actor.get()
        access.demand(actor, "controls.declare", f"object:{object_id}")
        await run_in_threadpool(controls.declare, actor, _profile(object_id, body))
        return _answer(await run_in_threadpool(_summary, controls, object_id))

    @router.get("/{object_id}")
    async def units(object_id: str) -> Response:
        access.demand(current_actor.get(), "controls.read", f"object:{object_id}")
        return _answer(await run_in_threadpool(_units, controls, object_id))

    @router.get("/{object_id}/units/{unit}")
    async def one(object_id: str, unit: str) -> Response:
        access.demand(current_actor.get(), "controls.read", f"object:{object_id}")
        return _answer(await run_in_threadpool(_unit, controls, object_id, unit))

    @router.post("/{object_id}/judgements", status_code=201)
    async def judge(object_id: str, body: Judge) -> Response:
        actor = current_actor.get()
        access.demand(actor, "controls.judge", f"object:{object_id}")
        made = await run_in_threadpool(
            controls.judge, actor, object_id, body.unit, body.verdict, body.reason, body.valid_until, body.asset,
            body.evidence_sha256,
        )  # fmt: skip
        return _answer(made, 201)

    @router.get("/{object_id}/risks")
    async def fired(object_id: str) -> Response:
        access.demand(current_actor.get(), "controls.read", f"object:{object_id}")
        return _answer(await run_in_threadpool(controls.risks, object_id))

    return router


def _answer(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def _profile(object_id: str, body: dict[str, Any]) -> Profile:
    try:
        return msgspec.convert(body | {"id": object_id}, Profile)
    except msgspec.ValidationError as error:
        raise AppError(ErrorKind.INVALID, "ops.controls.unreadable", place=object_id, problem=str(error)) from None


def _summary(controls: Controls, object_id: str) -> ObjectSummary:
    return summary(controls.board(object_id), controls.risks(object_id))


def _units(controls: Controls, object_id: str) -> list[dict[str, Any]]:
    board = controls.board(object_id)
    rows = [described(board, state) for state in board.units()]
    return [{name: value for name, value in row.items() if name != "evidence"} for row in rows]


def _unit(controls: Controls, object_id: str, unit: str) -> dict[str, Any]:
    board = controls.board(object_id)
    state = next((each for each in board.units() if each.item.unit == unit), None)
    if state is None:
        raise AppError(ErrorKind.NOT_FOUND, "ops.controls.no_unit", unit=unit)
    cells = {asset: {"verdict": cell.verdict, "floor": cell.floor} for asset, cell in board.assets(unit).items()}
    return described(board, state) | {"assets": cells}
