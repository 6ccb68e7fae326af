"""A TLS proxy in front of the site: what it says of the client counts only with the secret the two of them share.

Without the right secret its headers are taken away, so that nobody can claim a certificate or an address. What it
says is put into the scope, where no header can reach: routes never read these headers themselves.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import unquote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

SECRET = "x-yaodun-proxy"  # noqa: S105 - the name of a header
CERTIFICATE = "x-yaodun-client-cert"
ADDRESS = "x-yaodun-client-address"
PLACE = "yaodun.client_certificate"
"""Where the scope holds the DER of the certificate whose key the client has proven to the proxy."""
_OURS = frozenset(name.encode() for name in (SECRET, CERTIFICATE, ADDRESS))
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,40000})-----END CERTIFICATE-----")


class TrustedProxy:
    """Believes the proxy, and only the proxy. An empty secret: there is none, and nothing is believed."""

    def __init__(self, app: ASGIApp, secret: str) -> None:
        self._app, self._secret = app, secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            said = self._said(headers)
            kept = [(name, value) for name, value in scope["headers"] if name.lower() not in _OURS]
            scope = {**scope, "headers": kept, **said}
        await self._app(scope, receive, send)

    def _said(self, headers: Headers) -> dict[str, object]:
        shown = headers.getlist(SECRET)
        if not self._secret or len(shown) != 1 or not hmac.compare_digest(shown[0].encode(), self._secret.encode()):
            return {}
        found: dict[str, object] = {}
        if (address := _address(headers)) is not None:
            found["client"] = (address, 0)
        if (certificate := _certificate(headers)) is not None:
            found[PLACE] = certificate
        return found


def _address(headers: Headers) -> str | None:
    try:
        return str(ipaddress.ip_address(headers.get(ADDRESS, "")))
    except ValueError:
        return None


def _certificate(headers: Headers) -> bytes | None:
    given = headers.getlist(CERTIFICATE)
    match = _PEM.search(unquote(given[0])) if len(given) == 1 else None
    if match is None:
        return None
    try:
        return base64.b64decode("".join(match[1].split()), validate=True)
    except binascii.Error:
        return None


def certificate_of(scope: Mapping[str, object]) -> bytes | None:
    """The certificate the proxy vouches for, None where there is none."""
    found = scope.get(PLACE)
    return found if isinstance(found, bytes) else None
