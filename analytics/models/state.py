"""The life of a model."""

from __future__ import annotations

from enum import StrEnum


class ModelState(StrEnum):
    """A shadow judges without being heard, a candidate waits for a person; one active model a name."""

    SHADOW = "shadow"
    CANDIDATE = "candidate"
    ACTIVE = "active"
    RETIRED = "retired"
