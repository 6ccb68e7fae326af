"""The same question to DuckDB and to the in-memory predicate: the answers must be the same."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.store.embedded.columns import to_arrow, to_events
from infra.store.embedded.engine import Engine, Leash
from infra.store.embedded.relation import relation
from infra.store.embedded.segment import write_segment
from infra.store.query.limits import check_filter
from infra.store.query.predicate import compile_predicate
from infra.store.query.sql import Sql
from infra.store.query.tree import Filter
from tests.unit.infra.store.query.events import BASE, events, filters

FRESH = count()
EXAMPLES = 3000 if os.environ.get("YAODUN_PROVE") == "full" else 150


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = Engine(Leash(), tmp_path_factory.mktemp("tmp"))
    yield engine
    engine.close()


def numbered(made: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"@timestamp": BASE, "event.id": f"e{number}", **one} for number, one in enumerate(made)]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(events(), min_size=1, max_size=8), asked=st.lists(filters, min_size=1, max_size=8))
def test_both_find_the_same(
    engine: Engine, tmp_path_factory: pytest.TempPathFactory, made: list[dict[str, Any]], asked: list[Filter]
) -> None:
    rows = numbered(made)
    folder = Path(tmp_path_factory.getbasetemp()) / "segments"
    segment = write_segment(folder, f"{next(FRESH)}.parquet", "logs", "2026-11-24", 0, to_arrow(rows))
    for node in asked:
        check_filter(node)
        compiled = Sql()
        condition = compiled.where(node)
        source = relation(folder, [segment], compiled.columns | {"event.id"})
        text = f'SELECT "event.id" FROM ({source}) WHERE {condition}'
        found = {row[0] for row in engine.rows(text, compiled.parameters)}
        meets = compile_predicate(node)
        assert found == {row["event.id"] for row in rows if meets(row)}, node


@settings(max_examples=100, deadline=None)
@given(made=st.lists(events(), min_size=1, max_size=6))
def test_events_become_columns_and_events_again(made: list[dict[str, Any]]) -> None:
    rows = numbered(made)
    assert to_events(to_arrow(rows)) == rows
