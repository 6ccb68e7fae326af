"""Filings over HTTP: values, proposals, steps, files in and out."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, File, Query, Request, Response, UploadFile
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from infra.blobs import BlobStore
from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor
from ops.filing.importing import take_in
from ops.filing.lifecycle import State
from ops.filing.papers import MEDIA, Papers, file_name
from ops.filing.prefill import Coverage
from ops.filing.service import Filing, Filings
from ops.filing.validate import Problem

LARGEST_UPLOAD = 64 << 20
ACTIONS = {"grade": "filing.grade", "review": "filing.review", "approve": "filing.approve"}


class NewFiling(BaseModel):
    """A draft for objects with their data categories."""

    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
    unit: str
    objects: dict[str, list[str]]


class Values(BaseModel):
    """Values typed into one sheet."""

    table: str
    key: str = ""
    values: dict[str, Any]


class Decisions(BaseModel):
    """Proposals of one sheet that are accepted and refused."""

    table: str
    key: str = ""
    accepted: list[str] = []
    refused: list[str] = []


class StepTo(BaseModel):
    """A step of the lifecycle with what it needs."""

    action: str
    file_sha256: str = ""
    reason: str = ""
    number: str = ""
    date: str = ""


def filing_router(filings: Filings, access: Authorizer, blobs: BlobStore, papers: Papers) -> APIRouter:
    """``/api/v1/filings``: list, create, read, put values, decide proposals, step, export, import."""
    router = APIRouter(prefix="/api/v1/filings", tags=["filings"])

    @router.get("")
    async def find(unit: str = "", state: Annotated[list[State] | None, Query()] = None) -> Response:
        access.demand(current_actor.get(), "filing.read")
        return answer(await run_in_threadpool(filings.find, unit, state or ()))

    @router.post("", status_code=201)
    async def create(new: NewFiling) -> Response:
        actor = current_actor.get()
        access.demand(actor, "filing.write", f"unit:{new.unit}")
        return answer(await run_in_threadpool(filings.create, actor, new.id, new.unit, new.objects), 201)

    @router.post("/import", status_code=201)
    async def bring(file: Annotated[UploadFile, File()], unit: str = "") -> Response:
        actor = current_actor.get()
        access.demand(actor, "filing.write", f"unit:{unit}")
        raw = await file.read(LARGEST_UPLOAD + 1)
        if len(raw) > LARGEST_UPLOAD:
            raise AppError(ErrorKind.TOO_LARGE, "ops.documents.too_large", place="file", limit=LARGEST_UPLOAD)
        place = file.filename or "file"
        made = await run_in_threadpool(take_in, filings, blobs, actor, unit, raw, place, papers.sealer)
        return answer(await run_in_threadpool(filings.get, made.filing), 201 if made.created else 200)

    @router.post("/files", status_code=201)
    async def keep_file(name: str, request: Request) -> Response:
        """Keep a file that a page will take in with a command."""
        access.demand(current_actor.get(), "filing.write")
        body = [chunk async for chunk in request.stream()]
        kept = await run_in_threadpool(blobs.put, body, LARGEST_UPLOAD)
        return answer({"name": name[:255], "sha256": kept.id, "size": kept.size}, 201)

    @router.get("/{filing_id}")
    async def one(filing_id: str) -> Response:
        access.demand(current_actor.get(), "filing.read", f"filing:{filing_id}")
        return answer(await run_in_threadpool(described, filings, filing_id))

    @router.put("/{filing_id}/values")
    async def put(filing_id: str, body: Values) -> Response:
        actor = current_actor.get()
        access.demand(actor, "filing.write", f"filing:{filing_id}")
        return answer(await run_in_threadpool(filings.put, actor, filing_id, body.table, body.key, body.values))

    @router.post("/{filing_id}/prefill")
    async def prefill(filing_id: str) -> Response:
        actor = current_actor.get()
        access.demand(actor, "filing.write", f"filing:{filing_id}")
        return answer(await run_in_threadpool(filings.prefill, actor, filing_id))

    @router.post("/{filing_id}/decisions")
    async def decide(filing_id: str, body: Decisions) -> Response:
        actor = current_actor.get()
        access.demand(actor, "filing.write", f"filing:{filing_id}")
        made = await run_in_threadpool(
            filings.decide, actor, filing_id, body.table, body.key, body.accepted, body.refused
        )
        return answer(made)

    @router.post("/{filing_id}/attachments/{table}/{key}/{field}", status_code=201)
    async def attach(filing_id: str, table: str, key: str, field: str, name: str, request: Request) -> Response:
        actor = current_actor.get()
        access.demand(actor, "filing.write", f"filing:{filing_id}")
        body = [chunk async for chunk in request.stream()]
        return answer(await run_in_threadpool(_attach, filings, blobs, filing_id, (table, key, field), name, body), 201)

    @router.post("/{filing_id}/steps")
    async def step(filing_id: str, body: StepTo) -> Response:
        actor = current_actor.get()
        access.demand(actor, ACTIONS.get(body.action, "filing.step"), f"filing:{filing_id}")
        given = body.model_dump(exclude={"action", "file_sha256"}, exclude_defaults=True)
        return answer(await run_in_threadpool(_step, filings, filing_id, body, given))

    @router.get("/{filing_id}/export")
    async def export(filing_id: str, kind: str = "json") -> Response:
        access.demand(current_actor.get(), "filing.read", f"filing:{filing_id}")
        document = (await run_in_threadpool(filings.get, filing_id)).document
        data = await run_in_threadpool(papers.write, document, kind)
        head = {"Content-Disposition": f'attachment; filename="{file_name(filing_id, kind)}"'}
        return Response(data, media_type=MEDIA[kind], headers=head)

    return router


def answer(value: Any, status: int = 200) -> Response:
    """A JSON response of structs."""
    return Response(msgspec.json.encode(value), status_code=status, media_type="application/json")


class Described(msgspec.Struct, frozen=True):
    """A filing with what is wrong in it, its history and how much the platform filled."""

    filing: Filing
    problems: list[dict[str, str]]
    history: list[Any]
    coverage: Coverage


def described(filings: Filings, filing_id: str) -> Described:
    """Everything a page or script shows of one filing."""
    found = [_problem(problem) for problem in filings.problems(filing_id)]
    return Described(filings.get(filing_id), found, list(filings.history(filing_id)), filings.coverage(filing_id))


def _problem(problem: Problem) -> dict[str, str]:
    return {"place": problem.place, "kind": problem.kind, "text": problem.text}


def _attach(
    filings: Filings, blobs: BlobStore, filing_id: str, place: tuple[str, str, str], name: str, body: list[bytes]
) -> Filing:
    """Keep the file and write its name and hash into the field."""
    table, key, field = place
    filings.get(filing_id).document.sheet(table, key)
    kept = blobs.put(body, LARGEST_UPLOAD)
    ref = {"name": name[:255], "sha256": kept.id, "size": kept.size}
    values = {field: ref} | ({present: True} if (present := _present(filings, table, field)) else {})
    return filings.put(current_actor.get(), filing_id, table, key, values)


def _present(filings: Filings, table: str, field: str) -> str:
    """The yes-or-no field that says a file is there, where the form has one beside the file's."""
    wanted = field.removesuffix("_file") + "_present"
    return wanted if field.endswith("_file") and f"{table}.{wanted}" in filings.form.inputs else ""


def _step(filings: Filings, filing_id: str, body: StepTo, given: dict[str, str]) -> Filing:
    return filings.step(current_actor.get(), filing_id, body.action, file_sha256=body.file_sha256, **given)
