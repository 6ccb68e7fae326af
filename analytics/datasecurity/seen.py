"""What was seen of a data set: sensitive columns (masked), who took it out, where it flows."""

from __future__ import annotations

from datetime import datetime

import msgspec

from analytics.datasecurity.kinds import Kind, Sensitivity


class SeenColumn(msgspec.Struct, frozen=True, kw_only=True):
    """A column that holds sensitive data: its ``share`` of values, and one of them masked."""

    name: str
    kind: Kind
    sensitivity: Sensitivity
    share: float
    values: int
    sample: str


class SeenExport(msgspec.Struct, frozen=True, kw_only=True):
    """Exports to one destination: how often, how much, by how many accounts; ``clear`` were not masked, ``loose`` named
    no case, ``astray`` went to accounts or purposes nobody agreed."""

    destination: str
    times: int
    records: int
    accounts: int
    clear: int
    loose: int
    astray: int
    last: datetime


class SeenFlow(msgspec.Struct, frozen=True, kw_only=True):
    """Transmissions from node to node."""

    sender: str
    receiver: str
    times: int
    records: int
    last: datetime


class SeenDataset(msgspec.Struct, frozen=True, kw_only=True):
    """One data set as the events of the business show it."""

    dataset: str
    systems: tuple[str, ...] = ()
    columns: tuple[SeenColumn, ...] = ()
    exports: tuple[SeenExport, ...] = ()
    flows: tuple[SeenFlow, ...] = ()
    rows: int = 0
    last: datetime | None = None
