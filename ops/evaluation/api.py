"""Evaluations and findings over HTTP."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.controls.service import Controls
from ops.evaluation.materials import Materials
from ops.evaluation.plan import Evaluations
from ops.evaluation.protection_plan import protection_plan
from ops.evaluation.rectification import Rectification, Risk
from ops.evaluation.scoring import Risks, Score, score, scored_items
from ops.rulepacks import Packs

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


class NewFinding(BaseModel):
    """A finding."""

    object_id: str
    title: str
    risk: Risk
    unit: str = ""
    asset: str = ""
    major: bool = False
    evaluation_id: str = ""
    before_sha256: str = ""


class FindingStep(BaseModel):
    """A step of a finding with what it needs."""

    action: str
    owner: str | None = None
    due: date | None = None
    cause: str | None = None
    fix: str | None = None
    mitigation: str | None = None
    after_sha256: str | None = None
    exception_until: date | None = None
    reason: str | None = None


class NewEvaluation(BaseModel):
    """A planned evaluation."""

    object_id: str
    body: str
    planned_from: date
    planned_to: date
    scope: list[str] = []


def evaluation_router(
    evaluations: Evaluations,
    rectification: Rectification,
    controls: Controls,
    packs: Packs,
    access: Authorizer,
    materials: Materials | None = None,
) -> APIRouter:
    """``/api/v1/evaluations``, ``/api/v1/findings``: plans, scores, trend, findings and their steps."""
    router = APIRouter(prefix="/api/v1", tags=["evaluation"])

    @router.get("/evaluations")
    async def listed(object_id: str) -> Response:
        access.demand(current_actor.get(), "evaluation.read", f"object:{object_id}")
        found = await run_in_threadpool(evaluations.of_object, object_id)
        trend = await run_in_threadpool(evaluations.trend, object_id)
        return _answer({"evaluations": found, "trend": trend})

    @router.post("/evaluations", status_code=201)
    async def plan(new: NewEvaluation) -> Response:
        actor = current_actor.get()
        access.demand(actor, "evaluation.plan", f"object:{new.object_id}")
        made = await run_in_threadpool(
            evaluations.plan, actor, new.object_id, new.body, new.planned_from, new.planned_to, tuple(new.scope)
        )
        return _answer(made, 201)

    @router.get("/evaluations/score/{object_id}")
    async def scores(object_id: str) -> Response:
        access.demand(current_actor.get(), "evaluation.read", f"object:{object_id}")
        return _answer(await run_in_threadpool(scores_of, controls, packs, object_id))

    @router.get("/evaluations/protection-plan/{object_id}")
    async def document(object_id: str) -> Response:
        access.demand(current_actor.get(), "evaluation.read", f"object:{object_id}")
        data = await run_in_threadpool(_plan, controls, rectification, object_id)
        head = {"Content-Disposition": f'attachment; filename="{object_id[:64]}-protection-plan.docx"'}
        return Response(data, media_type=DOCX, headers=head)

    @router.get("/evaluations/materials/{object_id}")
    async def folders(object_id: str) -> Response:
        access.demand(current_actor.get(), "evaluation.read", f"object:{object_id}")
        if materials is None:
            raise AppError(ErrorKind.UNAVAILABLE, "ops.evaluation.no_material", place=object_id)
        data = await run_in_threadpool(materials.archive, object_id)
        head = {"Content-Disposition": f'attachment; filename="{object_id[:64]}-materials.zip"'}
        return Response(data, media_type="application/zip", headers=head)

    @router.get("/findings")
    async def findings(object_id: str = "") -> Response:
        access.demand(current_actor.get(), "evaluation.read", f"object:{object_id}")
        return _answer(await run_in_threadpool(rectification.find, object_id))

    @router.post("/findings", status_code=201)
    async def open_finding(new: NewFinding) -> Response:
        actor = current_actor.get()
        access.demand(actor, "evaluation.findings", f"object:{new.object_id}")
        return _answer(await run_in_threadpool(_open, rectification, new), 201)

    @router.post("/findings/{finding_id}/steps")
    async def step(finding_id: str, body: FindingStep) -> Response:
        access.demand(current_actor.get(), "evaluation.findings", f"finding:{finding_id}")
        return _answer(await run_in_threadpool(_step, rectification, finding_id, body))

    return router


def _answer(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def _open(rectification: Rectification, new: NewFinding) -> Any:
    given = new.model_dump(exclude={"object_id", "title", "risk"})
    return rectification.open(current_actor.get(), new.object_id, new.title, new.risk, **given)


def _step(rectification: Rectification, finding_id: str, body: FindingStep) -> Any:
    given = body.model_dump(exclude={"action"}, exclude_none=True)
    return rectification.step(current_actor.get(), finding_id, body.action, **given)


def scores_of(controls: Controls, packs: Packs, object_id: str) -> list[Score]:
    """The object as it stands by every template."""
    board = controls.board(object_id)
    fired = [risk for risk in controls.risks(object_id) if not risk.mitigated]
    risks = Risks(high=len(fired), major=len(fired))
    return [score(scored_items(board), risks, pack) for pack in packs.versions("scoring")]


def _plan(controls: Controls, rectification: Rectification, object_id: str) -> bytes:
    board = controls.board(object_id)
    return protection_plan(board.profile, board, rectification.find(object_id))
