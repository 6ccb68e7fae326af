"""How many of so many made-up questions two stores answer alike. Without shrinking: it counts, it does not explain."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from infra.errors import AppError
from infra.store.query.tree import AnyAggregation, Filter, Sort
from infra.store.seams import EventStore
from tests.contract.event_samples import batch
from tests.contract.test_stores_agree import COUNT, SORTS, aggregations, corpus, question, same, searchable


def agreeing(left: EventStore, right: EventStore, questions: int, seeds: int = 1) -> tuple[int, int]:
    """Questions asked and answered alike, half of them pages and half aggregations, over the same events in both."""
    events = corpus()
    for store in (left, right):
        for at in range(0, COUNT, 100):
            store.append(batch(events[at : at + 100], 1, at + 1))
    tally = [0, 0]

    def counted(equal: bool) -> None:
        tally[0] += 1
        tally[1] += equal

    quiet = settings(
        max_examples=questions // 2, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip

    @seed(seeds)
    @quiet
    @given(searchable, SORTS, st.integers(1, 50))
    def pages(node: Filter, sort: tuple[Sort, ...], limit: int) -> None:
        counted(_same_page(left, right, node, sort, limit))

    @seed(seeds)
    @quiet
    @given(searchable, aggregations)
    def counts(node: Filter, agg: AnyAggregation) -> None:
        asked = question(node, (Sort("@timestamp"),), 0)
        try:
            one, two = (store.aggregate(asked, {"it": agg})["it"] for store in (left, right))
        except AppError:
            counted(False)
        else:
            counted(same(one, two))

    pages()
    counts()
    return tally[0], tally[1]


def _same_page(left: EventStore, right: EventStore, node: Filter, sort: tuple[Sort, ...], limit: int) -> bool:
    asked = question(node, sort, limit)
    try:
        one, two = left.search(asked), right.search(asked)
    except AppError:
        return False
    return (one.total, one.events) == (two.total, two.events)
