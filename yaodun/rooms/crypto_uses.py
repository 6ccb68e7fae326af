"""Cryptography in use as the site sees it: handshakes on the wire, and the keys of the platform's own authorities."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from infra.errors import AppError
from infra.events.stream import Stream
from infra.register.seed import OWN_SYSTEM
from infra.store.query.tree import Composite, Exists, Query, Window
from infra.store.seams import EventStore
from ops.evaluation.cryptography import CryptoUse, Layer, use_of_tls
from trust.signer.client import ask_signer
from yaodun.site import Site
from yaodun.trust.places import socket_of

RECENT = timedelta(days=30)
MOST = 500
TRUST_SYSTEM = "trust"
FIELDS = ("yaodun.system", "destination.ip", "destination.port", "tls.version_protocol", "tls.version", "tls.cipher")


class WireUses:
    """TLS and TLCP servers of each system, by the cipher suites they agreed to in the last month."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    def uses(self, now: datetime) -> Mapping[str, list[CryptoUse]]:
        """Uses by system; events that belong to no system stand under the platform's own."""
        window = Window(now - RECENT, now + timedelta(seconds=1))
        query = Query(streams=(Stream.FLOWS, Stream.LOGS), window=window, filter=Exists("tls.cipher"), limit=0)
        buckets = self._store.aggregate(query, {"s": Composite(FIELDS, MOST)})["s"].buckets
        found: dict[str, list[CryptoUse]] = {}
        for bucket in buckets:
            event = {name: value for name, value in zip(FIELDS, bucket.key, strict=True) if value is not None}
            use = use_of_tls(event)
            if use is not None:
                found.setdefault(str(event.get("yaodun.system") or OWN_SYSTEM), []).append(use)
        return found


class TrustUses:
    """Keys of the site's own authorities: in software they are not certified, and are said to be so."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def uses(self, now: datetime) -> Mapping[str, list[CryptoUse]]:
        """One use per authority; nothing while the signer does not run."""
        try:
            rows = ask_signer(socket_of(self._site.home), "authorities")
        except AppError:
            return {}
        uses = [
            CryptoUse(
                id=f"trust/{row['id']}", layer=Layer.APPLICATION, purpose=f"{row['name']}", key=str(row["id"]),
                algorithms=ALGORITHMS.get(str(row["key"]), (str(row["key"]).upper(),)), source="trust",
            )
            for row in rows
            if row["state"] == "active"
        ]  # fmt: skip
        return {TRUST_SYSTEM: uses} if uses else {}


ALGORITHMS = {"sm2": ("SM2", "SM3"), "rsa": ("RSA", "SHA256"), "ec": ("ECDSA", "SHA256")}
