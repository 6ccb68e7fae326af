"""Data sets as the book shows them: they say of exports and columns what detectors and posture say."""

import pytest

from analytics.business import build_book, judge_book
from analytics.business.datasets import seen_datasets
from analytics.business.summary import summarise
from tests.unit.analytics.business.small_site import at, event, later, masters

GRANTED = {"system": "sharing", "user": "u", "dataset": "d", "purposes": ["p"]}
EXPORT = {"system": "sharing", "user": "u", "dataset": "d", "records": 5, "purpose": "p"}


@pytest.mark.parametrize(
    ("granted", "fields", "astray"),
    [
        (5.0, {}, 1),
        (3.03, {}, 0),
        (1.0, {}, 0),
        (1.0, {"purpose": "q"}, 1),
        (1.0, {"dataset": "other"}, 1),
        (1.0, {"user": "nobody"}, 0),
    ],
)
def test_an_export_nobody_agreed_to_is_astray_and_told_alike(
    granted: float, fields: dict[str, str], astray: int
) -> None:
    """Granted days after the export, within the hour, before; another purpose, data set, an account of which nothing
    is known."""
    book = build_book(
        [*masters(), *later(), event("entitlement", granted, **GRANTED), event("export", 3.0, **{**EXPORT, **fields})]
    )
    told = [one for one in judge_book(book) if one.detector == "B27"]
    [export] = [export for dataset in seen_datasets(book) for export in dataset.exports]
    assert (export.astray, len(told)) == (astray, astray)


def test_an_entitlement_that_ended_is_none() -> None:
    ended = event("entitlement", 1.0, **GRANTED, until=at(2.0))
    book = build_book([*masters(), *later(), ended, event("export", 3.0, **EXPORT)])
    assert [export.astray for dataset in seen_datasets(book) for export in dataset.exports] == [1]


@pytest.mark.parametrize("count", [10, 3_000])
def test_posture_counts_the_columns_that_the_page_shows(count: int) -> None:
    """However many values a column has: an address of mail in the oldest of them counts."""
    rows = [{"mail": "li@example.org", "phone": 13_800_000_000 + 7_919 * n, "result": "pass"} for n in range(10)]
    rest = [{"mail": "", "phone": 13_900_000_000 + 7_919 * n, "result": "pass"} for n in range(count)]
    samples = [
        event("sample", day, system="sharing", dataset="d", schema_version="1", rows=part)
        for day, part in ((93, rows), (94, rest))
    ]
    book = build_book([*masters(), *later(), *samples])
    found = summarise(book, judge_book(book))
    shown = [f"{one.dataset}.{column.name}: {column.kind}" for one in found.datasets for column in one.columns]
    assert list(found.unmasked) == shown
    assert "d.mail: email" in shown
    assert found.sensitive_unmasked == len(shown)
