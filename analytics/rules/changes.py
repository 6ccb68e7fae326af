"""What a site changes about rules on disk: texts written over them, rules switched off or on trial, suppressions.

Texts and suppressions are compiled with the files; switches are set on the compiled set, so that switching is cheap.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from analytics.rules.documents import Document
from analytics.rules.rule import RuleSet

WRITTEN = "site"
"""The folder that stands for the site's own texts in places: ``site/<id>.yml``."""
SUPPRESSION = "suppression"


class Changes(msgspec.Struct, frozen=True):
    """``written`` holds the texts in force by rule id, ``filters`` those of suppressions by their own id; rules in
    ``off`` match nothing, rules in ``canary`` raise no signal, rules in ``live`` do though their text says canary."""

    written: dict[str, str] = {}
    filters: dict[str, str] = {}
    off: frozenset[str] = frozenset()
    canary: frozenset[str] = frozenset()
    live: frozenset[str] = frozenset()

    def files(self) -> list[tuple[Path, bytes]]:
        """The texts as files that the compiler reads after those on disk."""
        rules = [(written_path(name), text.encode()) for name, text in sorted(self.written.items())]
        return rules + [(filter_path(name), text.encode()) for name, text in sorted(self.filters.items())]

    def keeps(self, documents: Iterable[Document]) -> list[Document]:
        """The documents of a file on disk that no text of the site stands in for."""
        return [one for one in documents if str(one.tree.get("id", "")) not in self.written]

    def digest(self) -> str:
        """Names these changes."""
        switches = [sorted(self.off), sorted(self.canary), sorted(self.live)]
        body = msgspec.json.encode([sorted(self.written.items()), sorted(self.filters.items()), switches])
        return hashlib.blake2b(body, digest_size=20).hexdigest()

    def switched(self, ruleset: RuleSet) -> RuleSet:
        """The set with the switches set: rules that are off stay in it to be listed, and hold nothing to match."""
        if not (self.off or self.canary or self.live):
            return ruleset
        rules = [
            msgspec.structs.replace(rule, off=rule.id in self.off, canary=self._on_trial(rule.id, rule.canary))
            for rule in ruleset.rules
        ]
        return RuleSet(
            digest=f"{ruleset.digest}.{self.digest()}",
            rules=rules,
            atoms=ruleset.atoms,
            variants=[one for one in ruleset.variants if not rules[one.rule].off],
            correlations=[one for one in ruleset.correlations if not rules[one.rule].off],
            failures=ruleset.failures,
        )

    def _on_trial(self, rule: str, before: bool) -> bool:
        return (before and rule not in self.live) or rule in self.canary


NONE = Changes()


def written_path(rule: str) -> Path:
    """Where the text of a rule seems to lie."""
    return Path(WRITTEN) / f"{rule}.yml"


def filter_path(suppression: str) -> Path:
    """Where the document of a suppression seems to lie."""
    return Path(SUPPRESSION) / f"{suppression}.yml"
