"""Playbooks and runs over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor, Authorizer, current_actor
from playbooks.model.judge import judge
from playbooks.model.reading import MAX_BYTES, read_tree
from playbooks.room import PlaybookRoom

_STRICT = ConfigDict(extra="forbid", strict=True)
Name = Annotated[str, Field(max_length=200)]


class Begin(BaseModel):
    """What to run, with what, and whether in earnest."""

    model_config = _STRICT
    playbook: Name
    inputs: dict[Name, Annotated[str, Field(max_length=65_536)]] = {}
    simulate: bool = False
    cause: Name = ""


class Said(BaseModel):
    """An answer to something that waits."""

    model_config = _STRICT
    answer: Name
    outputs: dict[Name, Annotated[str, Field(max_length=65_536)]] = {}
    reason: Annotated[str, Field(max_length=2000)] = ""


class Agreed(BaseModel):
    """A word on an approval; ``binding`` as it was shown."""

    model_config = _STRICT
    binding: Name
    agree: bool


class Act(BaseModel):
    """What to do with a run."""

    model_config = _STRICT
    action: Annotated[str, Field(pattern="^(pause|resume|cancel|retry|skip|rollback)$")]
    reason: Annotated[str, Field(max_length=2000)] = ""


def json_of(value: Any, status: int = 200) -> Response:
    """A JSON response of msgspec structs and dataclasses."""
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


def playbooks_router(room: PlaybookRoom, access: Authorizer) -> APIRouter:
    """``/api/v1/playbooks``: library, judging, dry run, and ``/api/v1/runs``: starting, watching, answering."""
    router = APIRouter(prefix="/api/v1", tags=["playbooks"])

    @router.get("/playbooks")
    async def library() -> Response:
        access.demand(current_actor.get(), "playbooks.read")
        return json_of(await run_in_threadpool(room.library))

    @router.get("/playbooks/{name}")
    async def document(name: str) -> Response:
        access.demand(current_actor.get(), "playbooks.read", f"playbook:{name}")
        return json_of(await run_in_threadpool(room.document, name))

    @router.post("/playbooks/validate")
    async def validate(request: Request) -> Response:
        access.demand(current_actor.get(), "playbooks.read")
        tree = await _tree(request)
        verdict = await run_in_threadpool(judge, tree)
        return json_of(verdict.shown())

    @router.post("/playbooks")
    async def keep(request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, "playbooks.run")
        tree = await _tree(request)
        return json_of({"sha256": await run_in_threadpool(room.keep, actor, tree)}, 201)

    @router.post("/playbooks/{name}/dry-run")
    async def rehearse(name: str, inputs: dict[str, str]) -> Response:
        access.demand(current_actor.get(), "playbooks.read", f"playbook:{name}")
        return json_of({"effects": await run_in_threadpool(room.rehearse, name, inputs)})

    _runs(router, room, access)
    return router


def _runs(router: APIRouter, room: PlaybookRoom, access: Authorizer) -> None:
    @router.post("/runs")
    async def start(begin: Begin) -> Response:
        actor = current_actor.get()
        run = await run_in_threadpool(
            lambda: room.start(actor, begin.playbook, begin.inputs, simulate=begin.simulate, cause=begin.cause)
        )
        return json_of({"run": run}, 201)

    @router.get("/runs")
    async def runs(state: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Response:
        access.demand(current_actor.get(), "runs.read")
        return json_of(await run_in_threadpool(lambda: room.reading.runs(limit=limit, state=state)))

    @router.get("/runs/waits")
    async def waits(run: str = "") -> Response:
        access.demand(current_actor.get(), "runs.read")
        return json_of(await run_in_threadpool(lambda: room.reading.waits(run=run)))

    @router.get("/runs/{run}")
    async def one(run: str) -> Response:
        access.demand(current_actor.get(), "runs.read", f"run:{run}")
        return json_of(await run_in_threadpool(room.reading.run, run))

    @router.get("/runs/{run}/attempts")
    async def attempts(run: str) -> Response:
        access.demand(current_actor.get(), "runs.read", f"run:{run}")
        return json_of(await run_in_threadpool(room.reading.attempts, run))

    @router.post("/runs/waits/{wait}/answer")
    async def answer(wait: str, said: Said) -> Response:
        actor = current_actor.get()
        access.demand(actor, "playbooks.run", f"wait:{wait}")
        await run_in_threadpool(room.desk.answer, actor, wait, said.answer, said.outputs, said.reason)
        return Response(status_code=204)

    @router.post("/runs/waits/{wait}/approve")
    async def approve(wait: str, agreed: Agreed) -> Response:
        actor = current_actor.get()
        access.demand(actor, "playbooks.run", f"wait:{wait}")
        missing = await run_in_threadpool(lambda: room.desk.approve(actor, wait, agreed.binding, agree=agreed.agree))
        return json_of({"missing": missing})

    @router.post("/runs/{run}/act")
    async def act(run: str, wanted: Act) -> Response:
        actor = current_actor.get()
        access.demand(actor, "playbooks.run", f"run:{run}")
        ways: dict[str, Callable[[Actor, str, str], Any]] = {
            "pause": room.desk.pause, "cancel": room.desk.cancel, "retry": room.desk.retry, "skip": room.desk.skip,
            "rollback": room.desk.roll_back, "resume": lambda actor, run, reason: room.desk.resume(actor, run),
        }  # fmt: skip
        await run_in_threadpool(ways[wanted.action], actor, run, wanted.reason)
        return Response(status_code=204)


async def _tree(request: Request) -> dict[str, Any]:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_BYTES:
            raise AppError(ErrorKind.TOO_LARGE, "playbooks.read.too_large", place="body", limit=MAX_BYTES)
    return await run_in_threadpool(read_tree, body, "body")
