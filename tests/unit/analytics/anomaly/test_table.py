"""``analyse table``: files in, answers out, and hostile files refused with their place."""

import numpy as np
import pytest
from orjson import loads

from analytics.anomaly.table_file import read_table
from infra.errors import AppError
from yaodun.cli import main


@pytest.fixture
def flows(tmp_path):
    rng = np.random.default_rng(0)
    lines = ["bytes,user,hour"]
    lines += [f"{rng.normal(1000, 50):.1f},u{rng.integers(5)},{rng.integers(8, 18)}" for _ in range(400)]
    path = tmp_path / "flows.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def answers(capsys) -> list[dict]:
    return [loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_odd_row_is_found_with_its_reason_and_exit_1(flows, tmp_path, capsys) -> None:
    today = tmp_path / "today.csv"
    today.write_text("hour,user,bytes\n9,u1,1000\n9,u1,250000\n10,,990\n")
    assert main(["analyse", "table", str(today), "--train", str(flows)]) == 1
    rows = answers(capsys)
    assert [row["row"] for row in rows] == [0, 1, 2]
    assert rows[1]["p"] < 0.001 < rows[0]["p"]
    assert rows[1]["score"] > max(rows[0]["score"], rows[2]["score"])
    first = rows[1]["reasons"][0]
    assert (first["feature"], first["value"], first["percentile"]) == ("bytes", 250000.0, 100.0)
    assert 900 < first["usual"] < 1100


def test_a_word_never_seen_is_a_reason_in_words(flows, tmp_path, capsys) -> None:
    today = tmp_path / "today.csv"
    today.write_text("bytes,user,hour\n1000,mallory,12\n")
    main(["analyse", "table", str(today), "--train", str(flows)])
    reason = answers(capsys)[0]["reasons"][0]
    assert (reason["feature"], reason["value"]) == ("user", "mallory")
    assert reason["usual"].startswith("u")


def test_npz_takes_x_and_ignores_y(tmp_path, capsys) -> None:
    rows = np.random.default_rng(0).normal(size=(150, 4))
    np.savez(tmp_path / "a.npz", X=rows, y=np.zeros(150))
    main(["analyse", "table", str(tmp_path / "a.npz"), "--tier", "fast"])
    assert len(answers(capsys)) == 150


@pytest.mark.parametrize(
    ("text", "place"),
    [("", ":1"), ("a,b\n1\n", ":2"), ("a,a\n1,2\n", ":1"), ("a,b\n", "")],
    ids=["empty", "ragged", "twice", "no rows"],
)
def test_a_malformed_csv_is_refused_at_its_line(tmp_path, text, place) -> None:
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(AppError) as error:
        read_table(path)
    assert error.value.detail["place"] == f"{path}{place}"


def test_a_pickle_inside_an_npz_is_refused(tmp_path) -> None:
    path = tmp_path / "evil.npz"
    np.savez(path, X=np.array([{"a": 1}], dtype=object))
    with pytest.raises(AppError):
        read_table(path)


def test_missing_columns_are_named(flows, tmp_path, capsys) -> None:
    other = tmp_path / "other.csv"
    other.write_text("bytes\n1\n")
    assert main(["analyse", "table", str(other), "--train", str(flows)]) == 2
    assert "user" in capsys.readouterr().err
