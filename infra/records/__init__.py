"""Records: rows that change (alerts, accounts, register, filings, runs), in SQLite or PostgreSQL.

In: SQLAlchemy tables of each room.  Out: sessions; one writer per process; leases; migrations per room.
"""

from infra.records.base import BIG, Record, utc
from infra.records.database import Records, open_records
from infra.records.lease import Lease

__all__ = ["BIG", "Lease", "Record", "Records", "open_records", "utc"]
