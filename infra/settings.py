"""Settings: one TOML file and the environment; unknown keys are errors, every key has a usable default.

Each section is a frozen msgspec Struct made by ``section``; ``yaodun.settings`` puts them together.
The environment overrides the file: ``YAODUN_INGEST__HTTP_LISTEN`` sets ``[ingest] http_listen``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from infra.errors import AppError, ErrorKind

ENVIRONMENT_PREFIX = "YAODUN_"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of the settings file; describe each field with ``Annotated[type, doc("...")]``."""


def doc(text: str, **limits: Any) -> msgspec.Meta:
    """What a setting means, and its limits (``gt``, ``ge``, ``lt``, ``le``)."""
    return msgspec.Meta(description=text, **limits)


Root = TypeVar("Root", bound=Section)


def load_settings(root: type[Root], path: Path | None, environ: Mapping[str, str] = os.environ) -> Root:
    """The settings of ``path`` (may be absent) overridden by ``environ``; ``AppError(INVALID)`` names the place."""
    tree: dict[str, Any] = _read(path) if path is not None and path.exists() else {}
    for key, value in environ.items():
        if key.startswith(ENVIRONMENT_PREFIX) and "__" in key:
            section, _, name = key[len(ENVIRONMENT_PREFIX) :].lower().partition("__")
            tree.setdefault(section, {})[name] = _list_or_text(value)
    try:
        return msgspec.convert(tree, root, strict=False)
    except msgspec.ValidationError as error:
        problem, _, where = str(error).partition(" - at `$.")
        place = f"{path or 'environment'}: {where.rstrip('`') or '?'}"
        raise AppError(ErrorKind.INVALID, "infra.setting_invalid", place=place, problem=problem) from None


def _list_or_text(value: str) -> Any:
    """A JSON list from the environment is a list; everything else stays text for the lax conversion."""
    if value.startswith("["):
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise AppError(ErrorKind.INVALID, "infra.setting_invalid", place=str(path), problem=str(error)) from None
