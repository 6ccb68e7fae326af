"""How the shell is served: uvicorn, with limits, without telling what it is."""

from __future__ import annotations

import ssl

import uvicorn
from starlette.types import ASGIApp

from infra.web.body import MAX_HEADERS
from infra.web.certificate import SiteCertificate
from infra.web.serving import QuietServer

MAX_SOCKET_MESSAGE = 1 << 20


def server_of(app: ASGIApp, host: str, port: int, certificate: SiteCertificate | None) -> uvicorn.Server:
    """A server for ``app``; over HTTPS (TLS 1.2 and later) where there is a certificate."""
    options: dict[str, object] = {}
    if certificate is not None:
        options = {"ssl_certfile": str(certificate.certificate), "ssl_keyfile": str(certificate.key)}
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        lifespan="on",
        ws="websockets-sansio",
        server_header=False,
        proxy_headers=False,
        log_config=None,
        access_log=False,
        log_level="warning",
        ws_max_size=MAX_SOCKET_MESSAGE,
        h11_max_incomplete_event_size=MAX_HEADERS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=5,
        limit_concurrency=2000,
        **options,  # type: ignore[arg-type]  # names of uvicorn.Config
    )
    config.load()
    if config.ssl is not None:
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
    return QuietServer(config)
