"""Events over HTTP: ``POST /api/v1/search``, ``GET /api/v1/events/{id}``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
import orjson
from fastapi import APIRouter, Response
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from infra.events import Event, Stream
from infra.store.query.tree import Filter, Page, Query, Sort, Window
from infra.store.seams import EventStore
from infra.web.seams import Authorizer, current_actor


class Search(BaseModel):
    """What to look for. Times are RFC 3339; without them the last 24 hours are searched."""

    query: Annotated[str, Field(max_length=10_000)] = "*"
    start: Annotated[datetime | None, Field(alias="from")] = None
    end: Annotated[datetime | None, Field(alias="to")] = None
    streams: list[Stream] = []
    limit: Annotated[int, Field(ge=0, le=10_000)] = 100
    after: Annotated[str | None, Field(max_length=10_000)] = None
    ascending: bool = False


def events_router(store: EventStore, access: Authorizer, clock: Clock, parse: Callable[[str], Filter]) -> APIRouter:
    """The routes; ``parse`` reads the Lucene subset."""
    router = APIRouter(prefix="/api/v1", tags=["events"])

    @router.post("/search")
    async def search(body: Search) -> Response:
        access.demand(current_actor.get(), "events.read")
        query = query_of(body, clock, parse)
        page = await run_in_threadpool(store.search, query)
        return _json(page_of(page))

    @router.get("/events/{event_id}")
    async def one(event_id: str) -> Response:
        access.demand(current_actor.get(), "events.read")
        event = await run_in_threadpool(store.get, event_id)
        if event is None:
            raise AppError(ErrorKind.NOT_FOUND, "infra.event_unknown", place=event_id[:64])
        return _json(event)

    return router


def query_of(body: Search, clock: Clock, parse: Callable[[str], Filter]) -> Query:
    """The query of a request; ``AppError(INVALID)`` with the position where the text cannot be read."""
    end = body.end or clock.now() + timedelta(minutes=5)
    return Query(
        streams=tuple(str(stream) for stream in body.streams or Stream),
        window=Window(body.start or end - timedelta(hours=24, minutes=5), end),
        filter=parse(body.query),
        sort=(Sort("@timestamp", not body.ascending),),
        limit=body.limit,
        after=body.after,
    )


def page_of(page: Page) -> dict[str, Any]:
    """A page as plain values."""
    return {
        "events": page.events,
        "total": page.total,
        "total_is_lower_bound": page.total_is_lower_bound,
        "after": page.after,
        "took_ms": page.took_ms,
    }


def _json(value: dict[str, Any] | Event) -> Response:
    return Response(orjson.dumps(value, default=_plain), media_type="application/json")


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return msgspec.to_builtins(value)
