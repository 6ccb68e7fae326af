"""The list of parsers is complete, and the documentation is what it generates."""

from __future__ import annotations

from pathlib import Path

from collectors.parsers.catalogue import WRITTEN, document, entries
from collectors.parsers.json_shapes import shipped_shapes
from collectors.parsers.tables import shipped_tables
from infra.events.table import table
from tests.corpus.judge import corpus

DOCUMENT = Path(__file__).parents[3] / "docs" / "parsers.md"


def test_the_documentation_is_current() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run: yaodun parsers list --markdown > docs/parsers.md"


def test_a_parser_that_names_written_records_is_asked_by_them() -> None:
    asked = {written.parser.rpartition("/")[2] for written in corpus(1)}
    missing = {entry.name for entry in entries() if WRITTEN in entry.oracle} - asked - {"syslog"}
    assert not missing


def test_names_are_unique_and_every_parser_has_an_oracle() -> None:
    names = [entry.name for entry in entries()]
    assert len(names) == len(set(names)) >= 50
    assert all(entry.oracle and entry.told_by for entry in entries())


def test_fields_that_tables_set_exist_or_lie_below_a_name_of_our_own() -> None:
    strange = set()
    for each in shipped_tables().all:
        for message in each.messages:
            strange |= {name for name, _ in message.pattern.places if not known(name)}
        strange |= {name for name in each.spec.set if not known(name)}
    for shape in shipped_shapes():
        strange |= {name for name in (*shape.spec.fields, *shape.spec.set) if not known(name)}
    assert strange <= {"netfilter.mac"}


def known(name: str) -> bool:
    field, _ = table().resolve(name)
    return field.name != "yaodun.flat" or name.startswith("yaodun.")
