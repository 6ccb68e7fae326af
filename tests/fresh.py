"""Fresh records databases for tests: migrated once per process, copied for each test."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from infra.records import Records, open_records
from infra.records.migrate import migrate


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="yaodun-records-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    records = open_records(folder / "records.db")
    migrate(records.engine)
    records.close()
    return folder / "records.db"


def fresh_records(folder: Path) -> Records:
    """An empty, migrated SQLite records database in ``folder``; the caller closes it."""
    path = folder / "records.db"
    shutil.copyfile(_template(), path)
    return open_records(path)
