"""``analyse table`` on files as they come: encodings, separators, words for missing, thousands, ids, odd columns."""

import numpy as np
import pytest
from orjson import loads

from yaodun.cli import main

RNG = np.random.default_rng(5)
VALUES = [f"{value:.3f}" for value in RNG.normal(10, 1, 200)]


def judged(path, capsys, *more: str) -> list:
    main(["analyse", "table", str(path), "--tier", "fast", *more])
    return [loads(line) for line in capsys.readouterr().out.splitlines()]


def oddest(rows: list) -> dict:
    return min(rows, key=lambda row: row["p"])


def text(separator: str = ",") -> str:
    rows = [("编号", "数值", "类别"), *((f"id-{i}", value, "ab"[i % 2]) for i, value in enumerate(VALUES))]
    rows[101] = ("id-100", "99", "a")
    return "\n".join(separator.join(row) for row in rows) + "\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_same_table_in_any_dress_has_the_same_odd_row(tmp_path, capsys, encoding, separator) -> None:
    (tmp_path / "t.csv").write_bytes(text(separator).encode(encoding))
    odd = oddest(judged(tmp_path / "t.csv", capsys))
    assert (odd["row"], odd["reasons"][0]["feature"], odd["reasons"][0]["value"]) == (100, "数值", 99.0)


def test_words_for_missing_leave_a_column_of_numbers_one(tmp_path, capsys) -> None:
    words = ["", "NA", "NaN", "null", "-", "无", "N/A"]
    lines = [words[i // 9 % 7] if i % 9 == 0 else value for i, value in enumerate(VALUES)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *(f"{line},1" for line in lines), "50,1"]))
    odd = oddest(judged(tmp_path / "t.csv", capsys))
    assert (odd["row"], odd["reasons"][0]["value"]) == (200, 50.0)


def test_thousands_and_percent_are_numbers(tmp_path, capsys) -> None:
    rows = [f'"1,{i:03d}.5",{10 + i % 3}%' for i in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["a,b", *rows, '"9,999,999",11%']))
    reason = oddest(judged(tmp_path / "t.csv", capsys))["reasons"][0]
    assert (reason["feature"], reason["value"]) == ("a", 9_999_999.0)


def test_new_ids_in_another_file_are_no_news(tmp_path, capsys) -> None:
    (tmp_path / "train.csv").write_text(text())
    rows = [f"new-{i},{VALUES[i]},{'ab'[i % 2]}" for i in range(50)]
    (tmp_path / "t.csv").write_text("\n".join(["编号,数值,类别", *rows, "new-50,10,z"]))
    found = judged(tmp_path / "t.csv", capsys, "--train", str(tmp_path / "train.csv"))
    assert min(row["p"] for row in found[:50]) > 0.001
    assert oddest(found)["reasons"][0]["feature"] == "类别"
    assert all(reason["feature"] != "编号" for row in found for reason in row["reasons"])


@pytest.mark.parametrize(
    "body", ["1,1\n" * 50, ",\n" * 50, "1,2\n", "1,2\n" * 30 + "inf,1e400\n", "1,2\n" * 200 + "9,9\n", "a,\n" * 40]
)
def test_constant_missing_single_infinite_and_repeated_rows_are_judged(tmp_path, capsys, body) -> None:
    (tmp_path / "t.csv").write_text("a,b\n" + body)
    rows = judged(tmp_path / "t.csv", capsys)
    assert len(rows) == body.count("\n")
    assert all(0 <= row["p"] <= 1 and np.isfinite(row["score"]) for row in rows)
