"""Signed heads of the ledger, on a schedule, and their copies elsewhere: files, paper, the cluster."""

from __future__ import annotations

import contextlib
import logging
import os
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import orjson

from infra.durable import replace_file
from infra.errors import AppError, ErrorKind
from trust.audit.digest import digest_page
from trust.signer.client import answers, ask_signer
from yaodun.site import Site
from yaodun.trust.places import socket_of

log = logging.getLogger(__name__)
INDEX = "yaodun-witness"


class Checkpointing:
    """Has the signer sign the newest head, and hands the result to every witness."""

    def __init__(self, site: Site, places: list[Path]) -> None:
        self._site, self._places = site, places
        self._kept = dict.fromkeys(places, -1)
        self._cluster: Any = None
        self.totals: Counter[str] = Counter()

    def turn(self) -> None:
        """Once: sign, copy, print the day's page. What cannot be done is told in the log, and tried again next time."""
        path = socket_of(self._site.home)
        if not answers(path):
            return
        try:
            document = ask_signer(path, "checkpoint")
        except AppError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                self._told("checkpoint_refused", error)
            return
        for place in self._places:
            self._copy(place, document)
        self._to_cluster(document)
        self._page(document)

    def _copy(self, place: Path, document: dict[str, Any]) -> None:
        if self._kept[place] >= document["size"]:
            return
        try:
            append(place, orjson.dumps(document) + b"\n")
            self._kept[place] = document["size"]
            self.totals["checkpoints"] += 1
        except OSError as error:
            self._told("checkpoint_not_copied", error)

    def _to_cluster(self, document: dict[str, Any]) -> None:
        """An index that is only added to: a second document for the same size is refused by the cluster."""
        if not self._site.settings.store.opensearch or self.totals["cluster_size"] >= document["size"]:
            return
        try:
            from opensearchpy import exceptions

            with contextlib.suppress(exceptions.ConflictError):
                self._client().create(index=INDEX, id=f"{document['origin']}/{document['size']}", body=document)
            self.totals["cluster_size"] = document["size"]
        except Exception as error:  # noqa: BLE001 - a witness that is away must not stop the others
            self._told("checkpoint_not_copied", error)

    def _client(self) -> Any:
        if self._cluster is None:
            from infra.store.opensearch.client import Address, connect

            chosen = self._site.settings.store
            files = {name: Path(path) for name in ("ca", "certificate", "key") if (path := getattr(chosen, name))}
            self._cluster = connect(Address.read(chosen.opensearch, **files))
        return self._cluster

    def _page(self, document: dict[str, Any]) -> None:
        """The digest of the day, ready to be printed, made once a day."""
        day = self._site.clock.now().astimezone(UTC).date()
        page = self._site.home.state / "witness" / f"digest-{day}.txt"
        if not page.exists():
            page.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_file(page, digest_page(document).encode(), private=True)
            self.totals["digests"] += 1

    def _told(self, what: str, error: Exception) -> None:
        self.totals[what] += 1
        log.error("ledger.%s", what, extra={"problem": str(error)[:300]})


def append(place: Path, line: bytes) -> None:
    """Add a line, durable when this returns."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(place, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(handle, line)
        os.fsync(handle)
    finally:
        os.close(handle)
