"""Records: rows that change (alerts, accounts, register, filings, runs), in SQLite or PostgreSQL.

In: SQLAlchemy tables of each room.  Out: sessions; one writer per process; migrations per room.
"""

from infra.records.base import Record, utc
from infra.records.database import Records, open_records

__all__ = ["Record", "Records", "open_records", "utc"]
