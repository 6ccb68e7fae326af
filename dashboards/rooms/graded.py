"""Graded protection: systems of the register with their gradings, filings, controls, findings, clocks, cryptography."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from infra.blobs import BlobStore
from infra.register import Asset, System, Unit
from infra.web.seams import Actor
from ops.calendar.clocks import Clocks
from ops.controls.service import Controls
from ops.evaluation.cryptography import Assessment, CryptoUse
from ops.evaluation.materials import Materials
from ops.evaluation.plan import Evaluations
from ops.evaluation.rectification import Rectification
from ops.filing.papers import Papers
from ops.filing.service import Filings
from ops.grading.service import Gradings
from ops.portal.sheets.desk import Sheets
from ops.recordfiling.service import SystemRecords
from ops.recordfiling.watch import SeenHost


class Nouns(Protocol):
    """Units, systems and assets (``infra.register.Register``)."""

    def units(self) -> Sequence[Unit]: ...

    def systems(self) -> Sequence[System]: ...

    def assets(self, system: str = "") -> Sequence[Asset]: ...


class CryptoBook(Protocol):
    """The register of cryptography in use, by object (``ops.evaluation.crypto_register.CryptoRegister``)."""

    def uses(self, object_id: str = "") -> Mapping[str, Sequence[CryptoUse]]: ...

    def assess(self, object_id: str = "") -> Assessment: ...

    def enter(self, actor: Actor, object_id: str, use: CryptoUse) -> None: ...


class HostsSeen(Protocol):
    """Names our addresses serve, by traffic."""

    def hosts(self, now: datetime) -> Sequence[SeenHost]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """The services of graded protection and record filing."""

    nouns: Nouns
    gradings: Gradings
    filings: Filings
    controls: Controls
    findings: Rectification
    evaluations: Evaluations
    records: SystemRecords
    clocks: Clocks
    crypto: CryptoBook
    blobs: BlobStore
    papers: Papers
    sheets: Sheets
    seen: HostsSeen
    materials: Materials
