"""Which names the site answers to: a stranger's name that points here (DNS rebinding) is refused."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from infra.errors import AppError, ErrorKind

_FORM = re.compile(r"(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253})(:[0-9]{1,5})?")


class Hosts:
    """Refuses a ``Host`` that is neither an address, nor ``localhost``, nor one of ``names``."""

    def __init__(self, app: ASGIApp, names: Iterable[str]) -> None:
        self._app = app
        self._names = {"localhost", *(name.casefold() for name in names)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            self._check(Headers(scope=scope).getlist("host"))
        await self._app(scope, receive, send)

    def _check(self, hosts: list[str]) -> None:
        name = host_name(hosts[0]) if len(hosts) == 1 else ""
        if not name or not (name in self._names or is_address(name)):
            raise AppError(ErrorKind.INVALID, "infra.web.host_unknown", place="Host", host=name)


def host_name(host: str) -> str:
    """The name of a ``Host`` header without its port, folded; '' where it is malformed."""
    found = _FORM.fullmatch(host)
    return found[1].casefold().strip("[]").removesuffix(".") if found else ""


def is_address(name: str) -> bool:
    """Is it an IP address? Nobody can point somebody else's name at us with one."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_loopback(name: str) -> bool:
    """Does the name or address stay on this machine?"""
    return name == "localhost" or (is_address(name) and ipaddress.ip_address(name).is_loopback)
