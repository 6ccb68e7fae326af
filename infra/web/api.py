"""The API application: routers of the rooms, errors as problems, OpenAPI for those who are signed in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from infra.errors import HTTP_STATUS, AppError, ErrorKind
from infra.web.measures import Measures
from infra.web.problem import internal, problem_of
from infra.web.seams import Authorizer, current_actor

log = logging.getLogger(__name__)

HealthCheck = Callable[[], Mapping[str, Any]]
"""What ``/healthz`` says beside ``status``; an exception makes it 503."""


def build_api(
    *routers: APIRouter,
    access: Authorizer,
    version: str,
    measures: Measures,
    health: HealthCheck = dict,
    home: str = "/ui/",
) -> FastAPI:
    """The API of ``routers``, with ``/healthz``, ``/metrics`` and ``/api/v1/openapi.json``."""
    api = FastAPI(title="Yaodun", version=version, openapi_url=None, docs_url=None, redoc_url=None)
    for kind, handler in _HANDLERS.items():
        api.add_exception_handler(kind, handler)
    for router in routers:
        api.include_router(router)
    api.include_router(_own(api, access, measures, health, home))
    return api


def _own(api: FastAPI, access: Authorizer, measures: Measures, health: HealthCheck, home: str) -> APIRouter:
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def front() -> Response:
        return RedirectResponse(home, status_code=303)

    @router.get("/healthz", tags=["health"])
    async def healthz() -> Response:
        try:
            return JSONResponse({"status": "ok", **health()})
        except Exception:
            log.exception("health.failed")
            return JSONResponse({"status": "failed"}, status_code=503)

    @router.get("/metrics", tags=["health"])
    async def metrics() -> Response:
        access.demand(current_actor.get(), "health.read", "metrics")
        return PlainTextResponse(measures.text(), media_type="text/plain; version=0.0.4")

    @router.get("/api/v1/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        access.demand(current_actor.get(), "openapi.read", "openapi")
        return JSONResponse(api.openapi())

    return router


async def _app_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return problem_of(error)


async def _invalid(_: Request, error: Exception) -> Response:
    """What did not fit, without the rejected value: it may be a password."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])[:200]
    return problem_of(AppError(ErrorKind.INVALID, "infra.web.invalid", place=place, problem=_words(first)))


def _words(problem: Any) -> str:
    """pydantic's words without the input some of them repeat."""
    return str(problem["type"]) if "input" in str(problem.get("ctx", "")) else str(problem["msg"])[:200]


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, AppError):
        return problem_of(error.__cause__)  # a limit was met while the body was read
    kinds = {status: kind for kind, status in HTTP_STATUS.items() if kind is not ErrorKind.ENVIRONMENT}
    kind = kinds.get(error.status_code)
    if error.status_code == 405:
        return problem_of(AppError(ErrorKind.INVALID, "infra.web.method", place=request.url.path[:200]), 405)
    if kind is ErrorKind.NOT_FOUND:
        return problem_of(AppError(kind, "infra.web.no_page", place=request.url.path[:200]))
    return problem_of(AppError(kind or ErrorKind.INVALID, "infra.web.http", place=request.url.path[:200]))


async def _unexpected(_: Request, error: Exception) -> Response:
    return internal(error)


_HANDLERS: dict[type[Exception], Any] = {
    AppError: _app_error,
    RequestValidationError: _invalid,
    HTTPException: _http,
    Exception: _unexpected,
}
