"""Settings: defaults, file, environment, and what is said about a wrong one."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from infra.errors import AppError
from infra.settings import load_settings
from yaodun.settings import Settings


def test_every_setting_has_a_usable_default_and_a_description() -> None:
    settings = load_settings(Settings, None, {})
    for section in msgspec.structs.fields(Settings):
        for field in msgspec.structs.fields(section.type):
            described = msgspec.inspect.type_info(field.type)
            assert isinstance(described, msgspec.inspect.Metadata) or "Meta" in repr(field.type), field.name
            assert getattr(getattr(settings, section.name), field.name) is not None


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "yaodun.toml"
    path.write_text('[web]\nlisten = "127.0.0.1:1"\n[store]\nretention_days = 200\n')
    found = load_settings(Settings, path, {"YAODUN_WEB__LISTEN": "127.0.0.1:2", "YAODUN_INGEST__RULES": '["/rules"]'})
    assert (found.web.listen, found.store.retention_days, found.ingest.rules) == ("127.0.0.1:2", 200, ("/rules",))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[web]\nlistn = 1", "listn"),
        ("[store]\nretention_days = 0", "retention_days"),
        ("[store]\nretention_days = 'x'", "retention_days"),
        ("[web", "yaodun.toml"),
        ("[nosuch]\na = 1", "nosuch"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "yaodun.toml"
    path.write_text(text)
    with pytest.raises(AppError) as refused:
        load_settings(Settings, path, {})
    assert named in str(refused.value)
    assert str(path) in str(refused.value)
