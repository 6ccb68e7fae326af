"""Data assets: the register, and what was seen of the data itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from analytics.datasecurity.register import DataAsset, KeptAsset
from analytics.datasecurity.seen import SeenDataset
from infra.web.seams import Actor


class Data(Protocol):
    """The register of data assets; saving checks rights and enters the ledger."""

    def assets(self) -> Sequence[KeptAsset]: ...

    def seen(self) -> Sequence[SeenDataset]: ...

    def save(self, actor: Actor, asset: DataAsset) -> None: ...
