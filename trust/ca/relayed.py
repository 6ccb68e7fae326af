"""Which audit rows of the PKI database are in the site's ledger already."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class RelayRow(Record):
    """One carried row: its number in the PKI database's outbox, and the ledger entry it became."""

    __tablename__ = "trust_relayed"

    outbox: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry: Mapped[str] = mapped_column(String(40))
