"""``analyse series`` on files, good and bad."""

import re
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from orjson import loads

from analytics.series.series_file import read_series
from infra.errors import AppError
from yaodun.cli import main


def write(path, values, gap_at=None) -> None:
    rng = np.random.default_rng(0)
    moment, lines = datetime(2026, 1, 1, tzinfo=UTC), ["timestamp,value"]
    for index, value in enumerate(values):
        moment += timedelta(minutes=5 if index != gap_at else 600)
        text = "" if np.isnan(value) else f"{value + rng.normal() * 0.5:.3f}"
        lines.append(f"{moment.strftime('%Y-%m-%dT%H:%M:%SZ')},{text}")
    path.write_text("\n".join(lines))


def test_a_spike_alerts_with_a_reason_and_missing_is_null(tmp_path, capsys) -> None:
    values = np.full(800, 20.0)
    values[700], values[720] = 90.0, np.nan
    write(tmp_path / "s.csv", values, gap_at=750)
    assert main(["analyse", "series", str(tmp_path / "s.csv")]) == 1
    rows = [loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 800
    assert set(rows[0]) == {"timestamp", "value", "score", "alert", "reason"}
    assert rows[700]["alert"]
    assert re.search(r"(19|20)\.?\d*（±", rows[700]["reason"]), "the usual value is told"
    assert rows[720]["value"] is None
    assert rows[720]["score"] is None
    assert "36000" in rows[750]["reason"], "ten hours of silence are told"


def test_no_look_ahead(tmp_path, capsys) -> None:
    values = np.full(400, 20.0)
    write(tmp_path / "a.csv", values)
    main(["analyse", "series", str(tmp_path / "a.csv")])
    first = capsys.readouterr().out.splitlines()[:200]
    values[300:] = 500
    write(tmp_path / "b.csv", values)
    main(["analyse", "series", str(tmp_path / "b.csv")])
    assert capsys.readouterr().out.splitlines()[:200] == first


@pytest.mark.parametrize(
    ("text", "place"),
    [("timestamp,value\nyesterday,3\n", ":2"), ("2026-01-01T00:00:00Z,x\n", ":1"), ("2026-01-01\n", ":1"), ("", "")],
)
def test_bad_lines_are_named(tmp_path, text, place) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(AppError) as error:
        list(read_series(path))
    assert error.value.detail["place"] == f"{path}{place}"


def test_a_clock_that_jumps_back_is_no_crash(tmp_path, capsys) -> None:
    path = tmp_path / "jump.csv"
    path.write_text("2026-01-02T00:00:00Z,1\n2020-01-01T00:00:00Z,1\n1767225600,2\n")
    assert main(["analyse", "series", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


START = datetime(2026, 1, 8, 6, tzinfo=UTC)
WRITTEN = {
    "2026-01-08T14:00:00+08:00": START,
    "2026-01-08 06:00:00": START,
    "2026/1/8 6:00": START,
    "2026年1月8日 6时": START,
    "2026年01月08日 06时00分00秒": START,
    "20260108060000": START,
    f"{START.timestamp():.0f}": START,
    f"{START.timestamp() * 1000:.0f}": START,
    f"{START.timestamp() * 1e6:.0f}": START,
    "2026-01-08": START.replace(hour=0),
}


@pytest.mark.parametrize("text", WRITTEN)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-16"])
def test_times_as_people_write_them(tmp_path, text, encoding) -> None:
    (tmp_path / "s.csv").write_bytes(f"主机;数值;时间\nh;42;{text}\n".encode(encoding))
    assert list(read_series(tmp_path / "s.csv")) == [(WRITTEN[text], text, 42.0)]


@pytest.mark.parametrize(
    "body", ["2026-01-08 06:{:02d}:00,\n", "2026-01-08 06:{:02d}:00,5\n", "2026-01-08 06:00:00,{}\n"]
)
def test_all_missing_constant_and_repeated_moments_never_alert_without_cause(tmp_path, capsys, body) -> None:
    lines = "".join(body.format(i % 60) for i in range(300))
    (tmp_path / "s.csv").write_text("timestamp,value\n" + lines)
    main(["analyse", "series", str(tmp_path / "s.csv")])
    rows = [loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(rows) == 300
    if "{}" not in body:
        assert not any(row["alert"] for row in rows)
