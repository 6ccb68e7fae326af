"""Settings: one TOML file and the environment; unknown keys are errors, every key has a usable default.

Each room declares its own section as a ``Section`` with a docstring per field; ``yaodun.settings`` puts them together.
The environment overrides the file: ``YAODUN_INGEST__HTTP_LISTEN`` sets ``[ingest] http_listen``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from infra.errors import AppError, ErrorKind

ENVIRONMENT_PREFIX = "YAODUN_"


class Section(BaseModel):
    """A section of the settings file; subclasses document each field with ``Field(description=...)``."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Root = TypeVar("Root", bound=Section)


def load_settings(root: type[Root], path: Path | None, environ: Mapping[str, str] = os.environ) -> Root:
    """The settings of ``path`` (may be absent) overridden by ``environ``; ``AppError(INVALID)`` names the place."""
    tree: dict[str, Any] = {}
    if path is not None and path.exists():
        tree = _read(path)
    for key, value in environ.items():
        if key.startswith(ENVIRONMENT_PREFIX) and "__" in key:
            section, _, name = key[len(ENVIRONMENT_PREFIX) :].lower().partition("__")
            tree.setdefault(section, {})[name] = value
    try:
        return root.model_validate(tree)
    except ValidationError as error:
        raise _explain(error, path) from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AppError(ErrorKind.INVALID, "infra.setting_invalid", place=str(path), problem=str(error)) from None


def _explain(error: ValidationError, path: Path | None) -> AppError:
    first = error.errors(include_input=False, include_url=False)[0]
    place = f"{path or 'environment'}: {'.'.join(str(part) for part in first['loc'])}"
    return AppError(ErrorKind.INVALID, "infra.setting_invalid", place=place, problem=first["msg"])
