"""Pollers added from a page: kept in one file, secrets apart and named, names and kinds checked, taken back whole."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from collectors.pollers.local import LocalPollers
from collectors.pollers.secret import secret_of
from infra.errors import AppError


@pytest.fixture
def pollers(tmp_path: Path) -> LocalPollers:
    (tmp_path / "state").mkdir()
    return LocalPollers(tmp_path / "state", tmp_path / "secrets")


def test_a_secret_is_named_by_the_table_and_readable_by_its_owner_alone(pollers: LocalPollers) -> None:
    pollers.put({"kind": "snmp", "name": "core", "hosts": ["192.0.2.1"]}, {"community": "hush", "auth_key": ""})
    [tree] = pollers.read()
    assert (tree["hosts"], "auth_key" in tree, "hush" in str(tree)) == (["192.0.2.1"], False, False)
    assert secret_of(tree["community"]).reveal() == "hush"
    path = Path(tree["community"].removeprefix("file:"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    pollers.drop("core")
    assert (pollers.read(), path.exists()) == ([], False)


def test_the_same_name_is_replaced_and_another_stands_beside(pollers: LocalPollers) -> None:
    before = pollers.stamp()
    for hosts in ("a", "b"):
        pollers.put({"kind": "snmp", "name": "core", "hosts": [hosts]}, {})
    pollers.put({"kind": "libvirt", "name": "hv"}, {})
    assert [(each["name"], each.get("hosts")) for each in pollers.read()] == [("core", ["b"]), ("hv", None)]
    assert pollers.stamp() != before


@pytest.mark.parametrize(
    "tree", [{"kind": "snmp", "name": "../up"}, {"kind": "snmp"}, {"kind": "telepathy", "name": "a"}]
)
def test_a_wrong_name_or_kind_is_refused(pollers: LocalPollers, tree: dict[str, str]) -> None:
    with pytest.raises(AppError):
        pollers.put(tree, {})
    assert pollers.read() == []
