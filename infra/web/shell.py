"""The one ASGI shell around everything that answers over HTTP and WebSocket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fastapi import FastAPI
from starlette.types import ASGIApp

from infra.web.authentication import Authentication
from infra.web.body import BodyLimit
from infra.web.csrf import Csrf
from infra.web.doors import Doors
from infra.web.headers import API_POLICY, SecurityHeaders
from infra.web.hosts import Hosts
from infra.web.measures import Measured, Measures
from infra.web.problem import Problems
from infra.web.proxy import TrustedProxy
from infra.web.rate import Buckets, RateLimit
from infra.web.request_id import RequestId
from infra.web.seams import Authenticator
from infra.web.split import Lifespan, Split
from infra.web.tongue import Tongue


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellOptions:
    """How the shell behaves. ``secure``: served over HTTPS; ``names``: host names beside ``localhost`` and addresses;
    ``pages_policy``: Content-Security-Policy of the pages; ``body_limits``: bytes by path prefix;
    ``proxy_secret``: what a TLS proxy in front proves itself with."""

    secure: bool
    names: Iterable[str] = ()
    pages_policy: str = API_POLICY
    doors: Doors = field(default_factory=Doors)
    body_limits: Mapping[str, int] = field(default_factory=dict)
    requests_per_s: float = 100.0
    burst: int = 400
    lifespans: tuple[Lifespan, ...] = ()
    proxy_secret: str = field(default="", repr=False)


def build_shell(
    api: FastAPI, pages: FastAPI | None, authenticator: Authenticator, options: ShellOptions, measures: Measures
) -> ASGIApp:
    """The application to serve: from the outside in, measures, request id, security headers, errors as problems,
    language, host names, sizes, authentication, foreign origins, rate; then pages or API."""
    doors = options.doors
    lifespans = [*options.lifespans, lambda: api.router.lifespan_context(api)]
    if pages is not None:
        lifespans.append(lambda: pages.router.lifespan_context(pages))
    app: ASGIApp = Split(api, pages, doors.pages, tuple(lifespans))
    app = RateLimit(app, Buckets(options.requests_per_s, options.burst))
    app = Csrf(app, secure=options.secure)
    app = Authentication(app, authenticator, doors)
    app = BodyLimit(app, limits=options.body_limits)
    app = Hosts(app, options.names)
    app = Tongue(app)
    app = Problems(app)
    app = SecurityHeaders(
        app, pages=doors.pages, pages_policy=options.pages_policy, secure=options.secure, cacheable=doors.prefixes[:2]
    )
    app = TrustedProxy(app, options.proxy_secret)
    return Measured(RequestId(app), measures)
