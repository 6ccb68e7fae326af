"""How right the parsers are."""

from __future__ import annotations

from collections.abc import Iterator

from bench import Row, figure
from tests.corpus.judge import corpus, judge, overall


@figure("parser_fields_accuracy")
def accuracy() -> Iterator[Row]:
    """Share of fields right over at least 200 written records per parser; the worst parser in the note."""
    scores = judge(corpus(200))
    worst = min(scores, key=lambda name: scores[name].accuracy)
    baseline = f"{sum(score.fields for score in scores.values())} fields of {len(scores)} parsers, worst {worst}"
    yield Row("parser_fields_accuracy", overall(scores), "ratio", baseline, scores[worst].accuracy)
