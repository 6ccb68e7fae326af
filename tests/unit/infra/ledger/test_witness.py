"""Heads kept elsewhere are read from what people really have: a line copied by hand, JSON, an export."""

import pytest

from infra.errors import AppError
from infra.ledger.export import export
from infra.ledger.witness import read_witnessed

ROOT = "ab" * 32


@pytest.mark.parametrize("line", [f"12 {ROOT}", f"12: {ROOT.upper()}", f'{{"size":12,"sha256":"{ROOT}"}}'])
def test_forms(tmp_path, line):
    (tmp_path / "w").write_text(f"printed on Tuesday\n{line}\n")
    assert read_witnessed(tmp_path / "w") == {12: bytes.fromhex(ROOT)}


def test_the_head_lines_of_an_export(tmp_path, records, grow):
    grow(2, 3)
    export(records, tmp_path / "e")
    assert sorted(read_witnessed(tmp_path / "e")) == [2, 5]


@pytest.mark.parametrize(
    "content", ["", "nothing here", f"12 {ROOT}\n12 {'cd' * 32}", '{"size":1,"sha256":"zz"}', "[" * 999]
)
def test_what_is_no_witness_is_refused(tmp_path, content):
    (tmp_path / "w").write_text(content)
    with pytest.raises(AppError):
        read_witnessed(tmp_path / "w")
