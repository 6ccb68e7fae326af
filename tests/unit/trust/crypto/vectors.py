"""Reads the vector files of the shared data folder: blocks of ``Key = value`` lines."""

from __future__ import annotations

from pathlib import Path

import pytest

SM = Path(__file__).parents[5] / "shared" / "data" / "sm" / "tongsuo"
if not SM.exists():
    SM = Path(__file__).parents[4] / ".." / "shared" / "data" / "sm" / "tongsuo"


def blocks(name: str) -> list[dict[str, str]]:
    """Each test of a vector file as a mapping; skips where the data is absent."""
    path = SM / name
    if not path.exists():
        pytest.skip("put the SM test data under ../shared/data/sm")
    found: list[dict[str, str]] = []
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        rows = [line.split("=", 1) for line in block.splitlines() if "=" in line and not line.startswith("#")]
        pairs = {key.strip(): value.strip() for key, value in rows}
        if pairs:
            found.append(pairs)
    return found
