"""The house itself: floors, names in the wheel, words in both languages, heavy libraries only where they belong."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.text.catalogue import LANGUAGES, ROOMS, catalogue

ROOT = Path(__file__).parents[2]
NAME = r"[a-z]+(?:\.[a-z0-9_]+)+"
KEY = re.compile(r"(?:say|AppError)\(\s*(?:ErrorKind\.\w+,\s*)?[\"'](" + NAME + r")[\"']")
PACKED = (
    "infra/events/fields.csv", "infra/text/zh-CN.toml", "infra/py.typed", "ops/migrations/ops_0001_alerts.py",
    "analytics/posture/indicators.toml", "infra/records/alembic/script.py.mako",
)  # fmt: skip


def sources() -> list[Path]:
    return [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]


def test_imports_go_downwards_only() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:]


def test_every_room_says_what_it_answers() -> None:
    for room in ROOMS:
        words = (ROOT / room / "__init__.py").read_text()
        assert re.search(r"Question:", words), room
        assert re.search(r"In:", words), room
        assert re.search(r"Out:", words), room


def test_both_languages_have_the_same_keys_and_places() -> None:
    first, second = (catalogue(language) for language in LANGUAGES)
    assert first.keys() == second.keys()
    places = re.compile(r"\{(\w*)")
    for key, words in first.items():
        assert set(places.findall(words)) == set(places.findall(second[key])), key


def test_every_key_the_code_says_is_in_the_catalogue() -> None:
    known = catalogue(LANGUAGES[0])
    missing = {
        (str(path.relative_to(ROOT)), key)
        for path in sources()
        for key in KEY.findall(path.read_text(encoding="utf-8"))
        if key.split(".")[0] in ROOMS and key not in known
    }
    assert missing == set()


def test_no_file_is_longer_than_four_hundred_lines_without_a_reason() -> None:
    long = [path for path in sources() if len(path.read_text(encoding="utf-8").splitlines()) > 400]
    assert [str(path.relative_to(ROOT)) for path in long if "Longer than usual" not in path.read_text()[:1500]] == []


@pytest.mark.slow
def test_the_wheel_holds_our_folders_and_their_data_only(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        names = wheel.namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert tops == set(ROOMS)
    assert set(PACKED) <= set(names)
