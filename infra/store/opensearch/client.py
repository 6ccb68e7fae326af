"""The connection to OpenSearch: address, TLS, basic or certificate authentication, and errors in our words."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit, urlunsplit

from opensearchpy import OpenSearch, exceptions

from infra.errors import AppError, ErrorKind
from infra.store.opensearch.bulk import FILTER_PATH

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Address:
    """Where the cluster is and how to be let in. Secrets are kept out of ``repr``."""

    url: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    timeout_s: float = 30.0

    @classmethod
    def read(cls, url: str, **more: Any) -> Address:
        """An address from ``http(s)://[user:password@]host:port``; the secret does not stay in the URL."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AppError(ErrorKind.INVALID, "infra.opensearch_url", place="store", text=parts.hostname or "")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        bare = urlunsplit((parts.scheme, f"{host}:{parts.port or 9200}", "", "", ""))
        return cls(bare, unquote(parts.username or ""), unquote(parts.password or ""), **more)


def connect(address: Address) -> OpenSearch:
    """A client for ``address``; nothing is sent yet."""
    options: dict[str, Any] = {"timeout": address.timeout_s, "max_retries": 0, "retry_on_timeout": False}
    if address.user:
        options["http_auth"] = (address.user, address.password)
    if address.url.startswith("https"):
        options.update(use_ssl=True, verify_certs=True, ca_certs=str(address.ca) if address.ca else None)
    if address.certificate:
        options.update(client_cert=str(address.certificate), client_key=str(address.key) if address.key else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return OpenSearch([address.url], pool_maxsize=8, **options)


def post_bulk(client: OpenSearch, visible: bool) -> Callable[[bytes], tuple[int, bytes]]:
    """A function that sends one bulk body and never raises for what the server says."""
    import orjson

    query = {"filter_path": FILTER_PATH, "refresh": "true" if visible else "false"}

    def post(body: bytes) -> tuple[int, bytes]:
        try:
            answer = client.transport.perform_request(
                "POST", "/_bulk", params=dict(query), body=body, headers={"content-type": "application/x-ndjson"}
            )
        except exceptions.ConnectionError:
            return 0, b""
        except exceptions.TransportError as error:
            return int(error.status_code), str(error.info).encode()
        return 200, orjson.dumps(answer)

    return post


def asked(ask: Callable[[], Result]) -> Result:
    """What ``ask`` gives; the client's errors become ``AppError``s."""
    try:
        return ask()
    except exceptions.ConnectionTimeout:
        raise AppError(ErrorKind.UNAVAILABLE, "infra.query_timeout", seconds="—") from None
    except exceptions.ConnectionError:
        raise AppError(ErrorKind.UNAVAILABLE, "infra.opensearch_unavailable", status="—", retry_after_s=15) from None
    except exceptions.TransportError as error:
        raise _said(error) from None


def asked_if_there(ask: Callable[[], Result]) -> Result | None:
    """As ``asked``; None where the server has no such thing."""
    try:
        return asked(lambda: ask())
    except AppError as error:
        if error.detail.get("status") == 404:
            return None
        raise


def _reason(error: exceptions.TransportError) -> str:
    info = error.info if isinstance(error.info, dict) else {}
    causes = info.get("error", {}).get("root_cause", []) if isinstance(info.get("error"), dict) else []
    return f"{error.error}: {causes[0].get('reason', '')}" if causes else str(error.error)


def _said(error: exceptions.TransportError) -> AppError:
    if error.status_code in (401, 403):
        return AppError(ErrorKind.UNAVAILABLE, "infra.opensearch_denied", status=error.status_code, retry_after_s=60)
    if error.status_code == 429 or error.status_code >= 500:
        return AppError(
            ErrorKind.UNAVAILABLE, "infra.opensearch_unavailable", status=error.status_code, retry_after_s=5
        )
    problem = _reason(error)[:200]
    return AppError(ErrorKind.INTERNAL, "infra.opensearch_refused", status=error.status_code, problem=problem)
