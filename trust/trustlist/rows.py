"""Where published versions of the trust list are kept: in records, never changed once written."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from infra.records import Record


class ListRow(Record):
    """One published version: its number, when it was published, the signed document and its hash."""

    __tablename__ = "trust_lists"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    published: Mapped[datetime]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    document: Mapped[bytes] = mapped_column(LargeBinary)
