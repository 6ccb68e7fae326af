"""The API of a platform: of this data folder's own, or of one elsewhere, as the commands of trust use it."""

from __future__ import annotations

import argparse
from types import TracebackType
from typing import Any

import httpx

from infra.errors import AppError, ErrorKind
from infra.status import read_status
from yaodun.terminal import home_of

TIMEOUT_S = 30.0


class Platform:
    """Asks one platform; its problems become ``AppError``."""

    def __init__(self, url: str, token: str, verify: bool = True) -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=TIMEOUT_S, verify=verify)

    @classmethod
    def of(cls, args: argparse.Namespace, token: str) -> Platform:
        """The one named by ``--server``, else the one of the data folder; ``AppError(UNAVAILABLE)`` where none runs."""
        if args.server:
            return cls(args.server, token)
        status = read_status(home_of(args).run, "web") or {}
        url = str(status.get("url", "")).removesuffix("/ui/")
        if not url:
            raise AppError(ErrorKind.UNAVAILABLE, "yaodun.trust.no_platform")
        return cls(url, token)

    def __enter__(self) -> Platform:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(self, path: str) -> Any:
        """The JSON answer of a GET."""
        return self._ask("GET", path)

    def post(self, path: str, body: Any) -> Any:
        """The JSON answer of a POST."""
        return self._ask("POST", path, json=body)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._client.request(method, path, **more)
        except httpx.HTTPError as error:
            raise AppError(ErrorKind.UNAVAILABLE, "yaodun.trust.unreachable", reason=type(error).__name__) from None
        if answer.status_code >= 400:
            raise AppError(ErrorKind.CONFLICT, "yaodun.trust.said_no", problem=_problem(answer))
        return answer.json() if answer.content else None


def _problem(answer: httpx.Response) -> str:
    try:
        body = answer.json()
        return str(body.get("detail") or body.get("title"))
    except (ValueError, AttributeError):
        return f"HTTP {answer.status_code}"
