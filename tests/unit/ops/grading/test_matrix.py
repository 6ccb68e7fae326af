"""Both matrices, cell by cell, typed in from GB/T 22240-2020 and from the 2025 form."""

import itertools

import pytest

from ops.grading.engine import shipped_matrices
from ops.grading.objects import Degree, Harmed, Tick

CELLS = {
    "2020": {Harmed.CITIZENS: (1, 2, 2), Harmed.SOCIETY: (2, 3, 4), Harmed.NATION: (3, 4, 5)},
    "2025": {Harmed.CITIZENS: (1, 2, 2), Harmed.SOCIETY: (2, 3, 4), Harmed.NATION: (4, 5, 5)},
}
LEGAL = {
    1: "S1A1",
    2: "S1A2 S2A2 S2A1",
    3: "S1A3 S2A3 S3A3 S3A2 S3A1",
    4: "S1A4 S2A4 S3A4 S4A4 S4A3 S4A2 S4A1",
    5: "S1A5 S2A5 S3A5 S4A5 S5A5 S5A4 S5A3 S5A2 S5A1",
}


@pytest.mark.parametrize("version", CELLS)
@pytest.mark.parametrize("harmed", Harmed)
@pytest.mark.parametrize("degree", Degree)
def test_cell(version: str, harmed: Harmed, degree: Degree) -> None:
    matrix = next(m for m in shipped_matrices() if m.ref.version == version)
    assert matrix.level(Tick(harmed, degree)) == CELLS[version][harmed][list(Degree).index(degree)]


def test_legal_combinations_are_the_printed_ones() -> None:
    for matrix in shipped_matrices():
        for s, a in itertools.product(range(1, 6), repeat=2):
            assert matrix.allows(s, a) is (f"S{s}A{a}" in LEGAL[max(s, a)].split())
        assert not matrix.allows(0, 3)


def test_codes_of_the_form() -> None:
    assert [Tick(h, d).code for h in Harmed for d in Degree] == ["C1", "C2", "C3", "P1", "P2", "P3", "N1", "N2", "N3"]
