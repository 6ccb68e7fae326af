"""axe-core for the accessibility proofs: fetched once through npm into a cache folder, never shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
from functools import cache
from pathlib import Path

VERSION = "4.14.1"
FETCH_S = 90


@cache
def axe_source() -> str:
    """The script's text; "" where npm is absent or cannot reach its registry."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "yaodun-tests"
    kept = folder / f"axe-core-{VERSION}.min.js"
    if not kept.exists() and not _fetch(folder, kept):
        return ""
    return kept.read_text(encoding="utf-8")


def _fetch(folder: Path, kept: Path) -> bool:
    if shutil.which("npm") is None:
        return False
    folder.mkdir(parents=True, exist_ok=True)
    command = ["npm", "pack", f"axe-core@{VERSION}", "--silent"]
    try:
        subprocess.run(command, cwd=folder, timeout=FETCH_S, check=True, capture_output=True)
    except (subprocess.SubprocessError, OSError):
        return False
    with tarfile.open(folder / f"axe-core-{VERSION}.tgz") as package:
        found = package.extractfile("package/axe.min.js")
        if found is None:
            return False
        kept.write_bytes(found.read())
    return True
