"""Records in PostgreSQL: dumped and brought back by PostgreSQL's own tools, counted in the snapshot that is dumped."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.engine import make_url

from infra.errors import AppError, ErrorKind
from yaodun.backup.counting import count_records
from yaodun.backup.inventory import Records

_LONGEST_S = 6 * 3600


def dump(url: str, target: Path) -> Records:
    """One consistent state of the database at ``url`` into ``target``; what it holds."""
    with _engine(url) as engine, engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        snapshot = connection.scalar(text("SELECT pg_export_snapshot()"))
        _run("pg_dump", url, ["--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target}"])
        target.chmod(0o600)
        return count_records(connection)


def bring_back(source: Path, url: str) -> None:
    """Fill the empty database at ``url``; ``AppError(CONFLICT)`` where it is not empty."""
    with _engine(url) as engine:
        if inspect(engine).get_table_names():
            raise AppError(ErrorKind.CONFLICT, "yaodun.backup.database_not_empty", place=make_url(url).database or "")
    _run("pg_restore", url, ["--no-owner", "--exit-on-error", "--single-transaction", str(source)])


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), hide_parameters=True)
    try:
        yield engine
    finally:
        engine.dispose()


def _run(tool: str, url: str, words: list[str]) -> None:
    if shutil.which(tool) is None:
        raise AppError(ErrorKind.ENVIRONMENT, "yaodun.backup.no_tool", place=tool)
    parsed = make_url(url)
    bare = parsed.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": str(parsed.password or "")}
    done = subprocess.run(
        [tool, f"--dbname={bare}", *words], env=environment, capture_output=True, text=True, check=False,
        timeout=_LONGEST_S,
    )  # fmt: skip
    if done.returncode:
        raise AppError(
            ErrorKind.UNAVAILABLE, "yaodun.backup.tool_failed", place=tool, problem=done.stderr.strip()[:300]
        )
