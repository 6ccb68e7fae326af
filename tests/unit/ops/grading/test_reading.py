"""Objects from files; mistakes name the field."""

from pathlib import Path

import pytest

from infra.errors import AppError
from ops.grading.objects import Degree, Harmed
from ops.grading.reading import objects_of, read_objects

GOOD = b"""
objects:
  - name: trace
    kind: information_system
    s: [{harmed: society, degree: serious}]
    a: [{harmed: citizens, degree: general}]
"""


def test_yaml_json_single_and_list() -> None:
    (from_yaml,) = objects_of(GOOD, "f")
    assert (from_yaml.s[0].harmed, from_yaml.a[0].degree) == (Harmed.SOCIETY, Degree.GENERAL)
    assert objects_of(b'{"name": "x"}', "f")[0].name == "x"
    assert len(objects_of(b'[{"name": "x"}, {"name": "y"}]', "f")) == 2


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (GOOD.replace(b"serious", b"dreadful"), "objects[0].s[0].degree"),
        (GOOD.replace(b"kind:", b"sort:"), "objects[0]"),
        (b"objects: [", "f:2"),
        (b"\xff\xfe", "f"),
        (b"[]", "f"),
        (b"a: &a [x]\nb: [*a, *a]", "f"),
    ],
)
def test_mistakes_name_their_place(raw: bytes, place: str) -> None:
    with pytest.raises(AppError) as error:
        objects_of(raw, "f")
    assert place in str(error.value.detail["place"])


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(AppError):
        read_objects(tmp_path / "none.yaml")
