"""Applications from spreadsheets: errors per row, nothing half-imported."""

import io
import time

import pytest
from openpyxl import Workbook

from infra.clock import ManualClock
from infra.errors import AppError
from infra.records import Records
from infra.web.seams import Actor
from ops.recordfiling.bulk import MOST_ROWS, read_applications
from ops.recordfiling.service import SystemRecords
from tests.unit.ops.recordfiling.test_service import NOW

HEAD = "system,name,unit,unit_code,column,sso,users,authentication,audit,ways,icp,go_live"
ROW = "{},追溯 {},u1,NMPA,9,是,yes,1,0,otp ca,京ICP备13027807号,2026-07-01"


def table(*rows: str) -> bytes:
    return "\n".join([HEAD, *rows]).encode()


def test_csv_and_xlsx_give_the_same() -> None:
    rows = [ROW.format(name, name) for name in ("a", "b")]
    book, buffer = Workbook(), io.BytesIO()
    for row in (HEAD, *rows):
        book.worksheets[0].append(row.split(","))
    book.save(buffer)
    from_csv, from_xlsx = read_applications(table(*rows), "f.csv"), read_applications(buffer.getvalue(), "f.xlsx")
    assert from_csv == from_xlsx
    assert from_csv.errors == ()
    assert from_csv.applications[0].conformance == {"sso": True, "users": True, "authentication": True, "audit": False}
    assert from_csv.applications[0].authentication == ("otp", "ca")


def test_errors_name_row_and_field_and_keep_all_out() -> None:
    bad = ROW.format("b", "b").replace(",9,", ",15,").replace("otp ca", "eyes")
    sheet = read_applications(table(ROW.format("a", "a"), bad, ROW.format("a", "a"), ROW.format("k", "k")), "f", {"k"})
    assert sheet.applications == ()
    assert {(error.row, error.field) for error in sheet.errors} == {
        (3, "column"),
        (3, "authentication"),
        (4, "system"),
        (5, "system"),
    }


@pytest.mark.parametrize("raw", [b"a,b\n1,2", b"\xff\xfe", b"PK\x03\x04zip", HEAD.encode() + b",colour\n", b"x\0y"])
def test_foreign_files_are_refused(raw: bytes) -> None:
    with pytest.raises(AppError) as error:
        read_applications(raw, "in.csv")
    assert "in.csv" in error.value.detail["place"]


def test_malformed_numbers_and_dates_are_errors_of_their_row() -> None:
    wrong = [ROW.format("a", "a").replace(",9,", ",nine,"), ROW.format("b", "b").replace("2026-07-01", "soon")]
    assert [error.row for error in read_applications(table(*wrong), "f").errors] == [2, 3]


def test_a_hundred_thousand_rows_are_judged_and_one_more_is_refused() -> None:
    rows = [ROW.format(f"s{number}", number) for number in range(MOST_ROWS)]
    rows[70_000] = rows[70_000].replace(",9,", ",99,")
    started = time.monotonic()
    (error,) = read_applications(table(*rows), "f").errors
    assert (error.row, error.field) == (70_002, "column")
    assert time.monotonic() - started < 120
    with pytest.raises(AppError):
        read_applications(table(*rows, ROW.format("more", "x")), "f")


def test_all_or_none_are_taken_in(records: Records) -> None:
    systems = SystemRecords(records, ManualClock(NOW))
    owner = Actor(id="u1", name="owner")
    sheet = read_applications(table(*(ROW.format(name, name) for name in "abc")), "f")
    assert systems.apply_all(owner, sheet.applications) == 3
    more = read_applications(table(ROW.format("d", "d")), "f").applications
    with pytest.raises(AppError):
        systems.apply_all(owner, [*more, sheet.applications[0]])
    assert systems.systems() == {"a", "b", "c"}
