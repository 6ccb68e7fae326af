"""Packs say which rules were in force; bad packs name file and line."""

from datetime import date
from pathlib import Path

import pytest

from infra.errors import AppError, ErrorKind
from ops.rulepacks import shipped_packs
from ops.rulepacks.loader import SHIPPED, load_packs, read_pack

GOOD = """pack: grading
version: site
title: {zh-CN: 本地, en: Site}
valid_from: 2026-01-01
valid_to: null
source: our own
confidence: believed
content: {}
"""


@pytest.mark.parametrize(
    ("day", "version"), [(date(2020, 1, 1), "2019"), (date(2025, 3, 19), "2021"), (date(2025, 3, 20), "2025")]
)
def test_the_version_in_force_is_chosen_by_day(day: date, version: str) -> None:
    assert shipped_packs().at("scoring", day).version == version


def test_nothing_in_force_is_an_error_that_names_the_day() -> None:
    with pytest.raises(AppError) as error:
        shipped_packs().at("grading", date(2001, 1, 1))
    assert error.value.kind is ErrorKind.NOT_FOUND
    assert error.value.detail["day"] == "2001-01-01"


def test_every_shipped_pack_names_source_and_both_titles() -> None:
    for path in SHIPPED.glob("*.yaml"):
        pack = read_pack(path)
        assert pack.source
        assert set(pack.title) == {"zh-CN", "en"}
        assert len(pack.sha256) == 64


def test_the_site_may_replace_and_add_versions(tmp_path: Path) -> None:
    (tmp_path / "site.yaml").write_text(GOOD, encoding="utf-8")
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    for path in SHIPPED.glob("grading_*.yaml"):
        (shipped / path.name).write_bytes(path.read_bytes())
    packs = load_packs([shipped, tmp_path])
    assert packs.at("grading", date(2026, 6, 1)).version == "site"
    assert packs.version("grading", "2020").content["objects"]


@pytest.mark.parametrize(
    ("text", "place"),
    [("pack: [", ":"), (GOOD.replace("2026-01-01", "soon"), "bad.yaml"), ("a: &x [1]\nb: *x\n", "bad.yaml")],
)
def test_a_bad_pack_names_its_place(tmp_path: Path, text: str, place: str) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(AppError) as error:
        read_pack(path)
    assert error.value.kind is ErrorKind.INVALID
    assert place in error.value.detail["place"]


def test_the_hash_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text(GOOD, encoding="utf-8")
    first = read_pack(path).ref
    path.write_text(GOOD + "# edited\n", encoding="utf-8")
    assert read_pack(path).ref != first
