"""Totals are the published ones of GB/T 22239-2019; selections follow its annex A."""

import pytest

from ops.controls.catalogue import Extension, Selection, Split, shipped_catalogue

PUBLISHED = {
    Extension.GENERAL: [(42, 55), (68, 135), (71, 211), (71, 228)],
    Extension.CLOUD: [(7, 11), (13, 29), (16, 46), (16, 49)],
    Extension.MOBILE: [(5, 5), (7, 14), (9, 19), (9, 21)],
    Extension.IOT: [(3, 4), (4, 7), (8, 20), (8, 21)],
    Extension.ICS: [(5, 9), (9, 15), (9, 21), (9, 22)],
}


@pytest.mark.parametrize(
    ("ext", "level", "totals"),
    [(ext, level, pair) for ext, pairs in PUBLISHED.items() for level, pair in enumerate(pairs, 1)],
)
def test_points_and_items_equal_the_published_totals(ext: Extension, level: int, totals: tuple[int, int]) -> None:
    assert shipped_catalogue().totals(ext, level) == totals


def test_big_data_annex_counts() -> None:
    assert [shipped_catalogue().totals(Extension.BIGDATA, level)[1] for level in (1, 2, 3, 4)] == [3, 12, 24, 25]


def test_s_and_a_points_are_taken_at_their_own_level() -> None:
    """S2A3: S-class points of level 2 (identity 3 items), A-class of level 3 (power 3, backup 3), the rest level 3."""
    items = shipped_catalogue().select(Selection(2, 3))
    per_point = {}
    for item in items:
        per_point[item.point_zh] = per_point.get(item.point_zh, 0) + 1
    assert per_point["身份鉴别"] == 3
    assert per_point["电力供应"] == 3
    assert per_point["数据备份恢复"] == 3
    assert "数据保密性" not in per_point
    assert {item.level for item in items if item.sag == "G"} == {3}
    assert {item.level for item in items if item.sag == "S"} == {2}


def test_s3a2_lowers_only_the_availability_class() -> None:
    per_point = {}
    for item in shipped_catalogue().select(Selection(3, 2)):
        per_point[item.point_zh] = per_point.get(item.point_zh, 0) + 1
    assert per_point["电力供应"] == 2
    assert per_point["数据备份恢复"] == 2
    assert per_point["身份鉴别"] == 4


def test_equal_levels_select_the_whole_part() -> None:
    catalogue = shipped_catalogue()
    assert len(catalogue.select(Selection(3, 3))) == 211
    assert len(catalogue.select(Selection(3, 3), [Extension.CLOUD, Extension.BIGDATA])) == 211 + 46 + 24


def test_unit_ids_run_through_a_class_in_clause_order() -> None:
    catalogue = shipped_catalogue()
    computing = [item for item in catalogue.items if item.unit.startswith("L3-CES1-")]
    assert [item.unit for item in computing] == [f"L3-CES1-{n:02d}" for n in range(1, 35)]
    assert catalogue.find("L3-CES1-01").id == "8.1.4.1a"


def test_split_of_level_three() -> None:
    counts = dict.fromkeys(Split, 0)
    for item in shipped_catalogue().select(Selection(3, 3)):
        assert item.split is not None
        counts[item.split] += 1
    assert counts == {Split.AUTOMATIC: 60, Split.PARTIAL: 45, Split.WORKFLOW: 86, Split.MANUAL: 20}
