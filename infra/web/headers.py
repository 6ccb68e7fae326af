"""Security headers on every answer (OWASP ASVS 5, chapter 3.4)."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_POLICY = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy of what is data: nothing may run, nothing may frame it."""
DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""That of a written document (a report): it may have looks, still nothing may run."""

_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
}
_HSTS = "max-age=31536000"


class SecurityHeaders:
    """Adds the headers. ``pages_policy`` is the Content-Security-Policy of what lies under ``pages``; ``secure`` adds
    HSTS. What is not a static file is never cached."""

    def __init__(
        self, app: ASGIApp, *, pages: str, pages_policy: str, secure: bool, cacheable: tuple[str, ...]
    ) -> None:
        self._app = app
        self._pages = pages
        self._pages_policy = pages_policy
        self._secure = secure
        self._cacheable = cacheable

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._add(MutableHeaders(scope=message), path)
            await send(message)

        await self._app(scope, receive, guarded)

    def _add(self, headers: MutableHeaders, path: str) -> None:
        for name, value in _ALWAYS.items():
            headers[name] = value
        in_pages = path == self._pages or path.startswith(self._pages + "/")
        document = headers.get("content-security-policy") == DOCUMENT_POLICY
        api_policy = DOCUMENT_POLICY if document else API_POLICY
        headers["content-security-policy"] = self._pages_policy if in_pages else api_policy
        if self._secure:
            headers["strict-transport-security"] = _HSTS
        if not path.startswith(self._cacheable):
            headers["cache-control"] = "no-store"
