"""Titles of playbooks and names of their steps in the language of the context; what is not translated keeps its own."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from infra.text import Language, language
from playbooks.model.vocabulary import GUARD

_TABLE = Path(__file__).with_name("steps.csv")


def step_name(name: str) -> str:
    """The name of a step as people read it."""
    return name if language() == Language.ZH else _english().get(name, name)


def title_of(tree: Mapping[str, Any]) -> str:
    """The title of a playbook."""
    texts = (tree.get("playbook_extensions") or {}).get(GUARD, {}).get("texts", {})
    return str(texts.get(language(), {}).get("name") or tree["name"])


@cache
def _english() -> dict[str, str]:
    return {row["name"]: row["en"] for row in csv.DictReader(_TABLE.read_text(encoding="utf-8").splitlines())}
