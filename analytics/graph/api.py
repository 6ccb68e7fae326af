"""The graph over HTTP: what is exposed, where to cut, who is harmed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import msgspec
from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool as ask

from infra.errors import AppError, ErrorKind
from infra.web.seams import Authorizer, current_actor

MOST_NAMED = 100


class Desk(Protocol):
    """What is asked; ``analytics.graph.desk.GraphDesk`` answers (made on the first question: it is heavy)."""

    def digest(self) -> Any: ...

    def node(self, node: str, hops: int = 3) -> Any: ...

    def near(self, node: str, hops: int = 1, most: int = 60) -> Any: ...

    def ways(self, jewel: str, most: int = 5) -> Any: ...

    def harm(self, failed: list[str]) -> Any: ...

    def causes(self, ill: list[str]) -> Any: ...

    def cut(self) -> Any: ...

    def find(self, words: str, most: int = 20) -> Any: ...


def graph_router(desk: Callable[[], Desk], access: Authorizer) -> APIRouter:
    """``/api/v1/graph``: the digest; ``nodes?q=``, ``node``, ``near``, ``paths``, ``impact``, ``causes``, ``cut``."""
    router = APIRouter(prefix="/api/v1/graph", tags=["graph"])

    async def answer(name: str, *args: Any) -> Any:
        access.demand(current_actor.get(), "graph.read")
        return await ask(lambda: getattr(desk(), name)(*args))

    @router.get("")
    async def whole() -> Response:
        found = await answer("digest")
        if found is None:
            raise AppError(ErrorKind.NOT_FOUND, "analytics.graph.none_yet", place="graph")
        return _json(found)

    @router.get("/nodes")
    async def nodes(q: str = Query("", max_length=200), limit: int = Query(20, ge=1, le=200)) -> Response:
        return _json({"items": await answer("find", q, limit)})

    @router.get("/node")
    async def node(id: str = Query(max_length=400), hops: int = Query(3, ge=1, le=6)) -> Response:  # noqa: A002
        return _json(await answer("node", id, hops))

    @router.get("/near")
    async def near(
        id: str = Query(max_length=400),  # noqa: A002 - the name of the parameter
        hops: int = Query(1, ge=1, le=3),
        limit: int = Query(60, ge=2, le=300),
    ) -> Response:
        return _json(await answer("near", id, hops, limit))

    @router.get("/paths")
    async def ways(to: str = Query(max_length=400), limit: int = Query(5, ge=1, le=20)) -> Response:
        return _json({"items": await answer("ways", to, limit)})

    @router.get("/impact")
    async def harm(failed: str = Query(max_length=8000)) -> Response:
        return _json({"harm": await answer("harm", _named(failed))})

    @router.get("/causes")
    async def causes(ill: str = Query(max_length=8000)) -> Response:
        return _json({"items": await answer("causes", _named(ill))})

    @router.get("/cut")
    async def cut() -> Response:
        value, edges = await answer("cut")
        return _json({"value": value, "edges": edges})

    return router


def _named(text: str) -> list[str]:
    """Ids separated by commas; ``AppError(INVALID)`` where there are none or too many."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not 1 <= len(names) <= MOST_NAMED:
        raise AppError(ErrorKind.INVALID, "analytics.graph.names", place="query", most=MOST_NAMED)
    return names


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
