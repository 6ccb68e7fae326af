"""Migrations: each room keeps its own Alembic branch in ``<room>/migrations``; all heads are brought up together."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine

from infra.text.catalogue import ROOMS


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
    """Bring the database to the newest version of every room."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("version_locations", ":".join(str(folder) for folder in migration_folders()))
    config.attributes["engine"] = engine
    command.upgrade(config, "heads")
