"""Verdicts on columns: precision and recall on tables made apart, and the cases an auditor would ask about."""

import random

from analytics.datasecurity import Kind, judge_column
from bench.sensitive import columns, identity, name, notes, phone


def test_generated_tables() -> None:
    right = said = true = 0
    for seed in range(1000, 1012):
        for column, values, kind in columns(seed):
            found = {str(verdict.kind) for verdict in judge_column(column, values)}
            true, said, right = true + (kind is not None), said + len(found), right + (kind in found)
    assert right / said >= 0.98
    assert right / true >= 0.98


def test_a_verdict_shows_no_value_whole() -> None:
    maker = random.Random(7)
    values = [identity(maker) for _ in range(30)]
    (verdict,) = judge_column("c", values)
    assert verdict.kind is Kind.IDENTITY
    assert verdict.share == 1.0
    assert verdict.sample not in values
    assert "*" in verdict.sample


def test_order_numbers_that_begin_like_identity_numbers_are_none() -> None:
    maker = random.Random(8)
    values = [
        f"11010120{maker.randrange(10, 26)}0{maker.randrange(1, 9)}15{maker.randrange(10_000):04d}" for _ in range(200)
    ]
    assert judge_column("id_card_no", values) == []


def test_numbers_that_are_counted_are_no_phones() -> None:
    assert judge_column("phone", [str(13_800_000_000 + i) for i in range(100)]) == []


def test_a_few_numbers_in_remarks_count() -> None:
    maker = random.Random(9)
    found = judge_column("remark", [notes("phone", phone, maker) for _ in range(100)])
    assert [verdict.kind for verdict in found] == [Kind.PHONE]
    assert 0.1 < found[0].share < 0.6


def test_names_need_a_column() -> None:
    maker = random.Random(10)
    assert [verdict.kind for verdict in judge_column("c", [name(maker) for _ in range(50)])] == [Kind.NAME]
    assert judge_column("c", ["黄芪", "甘草", "阿司匹林", "板蓝根", "金银花", "白术", "布洛芬"] * 10) == []


def test_empty_and_mixed_values_are_no_trouble() -> None:
    assert judge_column("c", []) == []
    assert judge_column("c", [None, "", 3, 4.5, True, {"a": 1}]) == []
