"""Fresh records databases for tests: migrated once per process, copied for each test.

With ``YAODUN_TEST_POSTGRES`` (the URL of a server whose databases may be made and dropped) the same tests run on
PostgreSQL.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from functools import cache
from itertools import count
from pathlib import Path

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from infra.records import Records, open_records
from infra.records.migrate import migrate

_SERVER = os.environ.get("YAODUN_TEST_POSTGRES", "")
_numbers = count()


def fresh_records(folder: Path) -> Records:
    """An empty, migrated records database (in ``folder``, where it is SQLite); the caller closes it."""
    if _SERVER:
        return open_records(_copied())
    path = folder / "records.db"
    shutil.copyfile(_template(), path)
    return open_records(path)


def records_url(records: Records) -> str:
    """Where another process finds the same database."""
    return records.engine.url.render_as_string(hide_password=False)


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="yaodun-records-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    records = open_records(folder / "records.db")
    migrate(records.engine)
    records.close()
    return folder / "records.db"


@cache
def _server() -> Engine:
    url = make_url(_SERVER).set(drivername="postgresql+psycopg")
    return create_engine(url, isolation_level="AUTOCOMMIT")


@cache
def _template_database() -> str:
    name = f"yaodun_template_{os.getpid()}"
    with _server().connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    records = open_records(make_url(_SERVER).set(database=name).render_as_string(hide_password=False))
    migrate(records.engine)
    records.close()
    return name


def _copied() -> str:
    name = f"yaodun_test_{os.getpid()}_{next(_numbers)}"
    with _server().connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {_template_database()}"))
    return make_url(_SERVER).set(database=name).render_as_string(hide_password=False)
