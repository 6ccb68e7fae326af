"""Compiled rule sets on disk, by content digest, as msgpack; a damaged file is compiled anew."""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec

from analytics.rules.rule import RuleSet
from infra.uncollected import uncollected

KEEP = 8
"""How many compiled sets stay in the folder."""


class RuleCache:
    """A private folder of compiled sets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, digest: str) -> RuleSet | None:
        """The set of this digest, None where it is not kept."""
        try:
            with uncollected():  # a hundred thousand containers appear at once
                found = _decoder.decode(self._file(digest).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None
        return found if found.digest == digest else None

    def put(self, ruleset: RuleSet) -> None:
        """Keep a set; written beside and renamed, so that a reader never sees half of it."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=self._folder, prefix=".new-", delete=False) as file:
            file.write(msgspec.msgpack.encode(ruleset))
        Path(file.name).replace(self._file(ruleset.digest))
        for old in sorted(self._folder.glob("*.rules"), key=lambda path: path.stat().st_mtime)[:-KEEP]:
            old.unlink(missing_ok=True)

    def _file(self, digest: str) -> Path:
        return self._folder / f"{digest}.rules"


_decoder = msgspec.msgpack.Decoder(RuleSet)
