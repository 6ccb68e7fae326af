"""DuckDB in memory, on a leash: bounded memory, threads, temporary space, time, and heavy searches at once.

DuckDB is imported on first use, so that a process which only appends never loads it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from infra.errors import AppError, ErrorKind
from infra.store.embedded.remembered import Remembered
from infra.store.embedded.tallies import Tallies
from infra.store.query import addresses, sql

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

Answer = TypeVar("Answer")
Read = Callable[["duckdb.DuckDBPyConnection", str, dict[str, Any]], Answer]


@dataclass(frozen=True, slots=True)
class Leash:
    """Bounds of one process's searches."""

    memory_mb: int = 512
    threads: int = 2
    temporary_mb: int = 2048
    timeout_s: float = 30.0
    heavy_at_once: int = 2
    wait_s: float = 10.0


class Engine:
    """Runs SQL over segment files. Safe to call from several threads; each call has its own cursor."""

    def __init__(self, leash: Leash, temporary: Path) -> None:
        self.leash = leash
        self._temporary = temporary
        self._heavy = threading.BoundedSemaphore(leash.heavy_at_once)
        self._lock = threading.Lock()
        self.remembered = Remembered()
        self.tallies = Tallies()
        self.readers = ThreadPoolExecutor(leash.threads, thread_name_prefix="rows")
        self._database: duckdb.DuckDBPyConnection | None = None

    def rows(
        self, text: str, parameters: Mapping[str, Any], tables: Mapping[str, pa.Table] | None = None
    ) -> list[tuple[Any, ...]]:
        """The rows of a query, which may name ``tables``. ``AppError`` where it takes too long, too much, or too many
        run already."""
        return self._run(text, parameters, tables or {}, _rows)

    def columns(
        self, text: str, parameters: Mapping[str, Any], tables: Mapping[str, pa.Table] | None = None
    ) -> pa.Table:
        """The answer of a query as Arrow columns."""
        return self._run(text, parameters, tables or {}, _columns)

    def _run(
        self,
        text: str,
        parameters: Mapping[str, Any],
        tables: Mapping[str, pa.Table],
        read: Read[Answer],
    ) -> Answer:
        with self.permit():
            return self._ask(text, parameters, tables, read)

    @contextmanager
    def permit(self) -> Iterator[None]:
        """One of few heavy reads at once; ``AppError(RATE_LIMITED)`` where too many run already."""
        if not self._heavy.acquire(timeout=self.leash.wait_s):
            raise AppError(ErrorKind.RATE_LIMITED, "infra.query_busy", retry_after_s=2)
        try:
            yield
        finally:
            self._heavy.release()

    def _ask(
        self,
        text: str,
        parameters: Mapping[str, Any],
        tables: Mapping[str, pa.Table],
        read: Read[Answer],
    ) -> Answer:
        import duckdb

        cursor = self._connected().cursor()
        for name, table in tables.items():
            cursor.register(name, table)
        timer = threading.Timer(self.leash.timeout_s, cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            return read(cursor, text, _used(text, parameters))
        except duckdb.InterruptException:
            raise AppError(ErrorKind.UNAVAILABLE, "infra.query_timeout", seconds=self.leash.timeout_s) from None
        except duckdb.OutOfMemoryException:
            raise AppError(ErrorKind.UNAVAILABLE, "infra.query_memory", limit=self.leash.memory_mb) from None
        finally:
            timer.cancel()
            cursor.close()

    def _connected(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None:
                self._database = self._connect()
            return self._database

    def _connect(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        self._temporary.mkdir(parents=True, exist_ok=True)
        database = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": f"{self.leash.memory_mb}MB",
                "threads": self.leash.threads,
                "temp_directory": str(self._temporary),
                "max_temp_directory_size": f"{self.leash.temporary_mb}MB",
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
                "preserve_insertion_order": "false",
            },
        )
        database.execute("SET parquet_metadata_cache=true")
        database.execute(addresses.MACROS)
        database.execute(sql.MACROS)
        return database

    def close(self) -> None:
        """Give memory, threads and files back."""
        self.readers.shutdown()
        with self._lock:
            if self._database is not None:
                self._database.close()
                self._database = None


def _rows(cursor: duckdb.DuckDBPyConnection, text: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    return cursor.execute(text, given).fetchall()  # a relation would be bound twice, which costs more than it reads


def _columns(cursor: duckdb.DuckDBPyConnection, text: str, given: dict[str, Any]) -> pa.Table:
    return cursor.sql(text, params=given).to_arrow_table()


def _used(text: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """DuckDB refuses parameters that the text does not name; a condition may be left out where it is always true."""
    import re

    named = set(re.findall(r"\$(p\d+)\b", text))
    return {name: value for name, value in parameters.items() if name in named}
