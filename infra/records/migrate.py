"""Migrations: each room keeps its own Alembic branch in ``<room>/migrations``; all heads are brought up together."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from infra.errors import AppError, ErrorKind
from infra.text.catalogue import ROOMS

_PATIENCE_S = 120.0
_ADVISORY_KEY = 0x5941_4F44_554E


def migration_folders() -> list[Path]:
    """The ``migrations`` folder of each room that has one."""
    folders = []
    for room in ROOMS:
        spec = find_spec(room)
        for location in (spec.submodule_search_locations or []) if spec else []:
            folder = Path(location) / "migrations"
            if folder.is_dir():
                folders.append(folder)
    return folders


def migrate(engine: Engine) -> None:
    """Bring the database to the newest version of every room.

    Safe from several processes at once: one does the work, the others wait for it. A database that a newer program has
    written raises ``AppError(ENVIRONMENT)`` and is left alone.
    """
    config = configuration(engine)
    scripts = ScriptDirectory.from_config(config)
    if _at_head(engine, scripts):
        return
    with _alone(engine):
        if not _at_head(engine, scripts):
            command.upgrade(config, "heads")


def configuration(engine: Engine) -> Config:
    """Alembic's configuration for the rooms of this program and the database behind ``engine``."""
    config = Config()
    config.set_main_option("script_location", _escape(Path(__file__).parent / "alembic"))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(_escape(folder) for folder in migration_folders()))
    config.attributes["engine"] = engine
    return config


def _escape(path: Path) -> str:
    return str(path).replace("%", "%%")


def _at_head(engine: Engine, scripts: ScriptDirectory) -> bool:
    with engine.connect() as connection:
        current = set(MigrationContext.configure(connection).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if unknown := sorted(current - known):
        raise AppError(ErrorKind.ENVIRONMENT, "infra.records.too_new", place=_name(engine), revision=unknown[0])
    return current == set(scripts.get_heads())


def _name(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=True)


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    """Nobody else migrates this database inside the block."""
    if engine.dialect.name == "sqlite":
        with _lock_file(Path(f"{engine.url.database}.migrate.lock")):
            yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ADVISORY_KEY})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ADVISORY_KEY})


@contextmanager
def _lock_file(path: Path) -> Iterator[None]:
    until = time.monotonic() + _PATIENCE_S
    with path.open("w") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise AppError(ErrorKind.UNAVAILABLE, "infra.records.locked", place=str(path)) from None
                time.sleep(0.05)
        yield
