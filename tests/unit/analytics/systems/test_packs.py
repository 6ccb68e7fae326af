"""Packs of the fourteen systems: complete, and each signal tells its healthy day from its unhealthy one."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from analytics.systems import Pack, Signal, load_packs, packs, system_health
from infra.errors import AppError
from infra.events.business import BusinessEvent, decode_event
from infra.events.business.lines import Refused
from infra.exchange import Dimension
from infra.register.seed import seed

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
SIGNALS = [(pack, signal) for pack in packs() for signal in pack.signals]


def day(pack: Pack, examples: tuple[dict[str, Any], ...]) -> list[BusinessEvent]:
    """Typed events of the examples: ``times`` repeats one, ``ago_h`` says how old it is."""
    events = []
    for example in examples:
        fields = dict(example)
        moment = (NOW - timedelta(hours=fields.pop("ago_h", 0.05))).isoformat()
        for _ in range(fields.pop("times", 1)):
            text = {"id": f"x{len(events)}", "system": pack.system, "time": moment, "recorded": moment, **fields}
            event = decode_event(json.dumps(text).encode())
            assert not isinstance(event, Refused), event
            events.append(event)
    return events


def health(pack: Pack, signal: Signal, examples: tuple[dict[str, Any], ...]) -> float:
    (found,) = system_health([pack], day(pack, examples), NOW)
    value = next(item.health for item in found.signals if item.id == signal.id)
    assert value is not None
    return value


def test_every_system_of_the_plan_has_a_pack() -> None:
    assert {pack.system for pack in packs()} == {system.id for system in seed().systems}


@pytest.mark.parametrize("pack", packs(), ids=lambda pack: pack.system)
def test_a_pack_is_complete(pack: Pack) -> None:
    assert pack.owner
    assert pack.feeds
    for dimension in Dimension:
        assert sum(signal.dimension is dimension for signal in pack.signals) >= 2
    assert len({signal.id for signal in pack.signals}) == len(pack.signals)


@pytest.mark.parametrize(("pack", "signal"), SIGNALS, ids=lambda item: getattr(item, "id", getattr(item, "system", "")))
def test_a_signal_tells_its_days_apart(pack: Pack, signal: Signal) -> None:
    assert health(pack, signal, signal.healthy) >= 0.9
    assert health(pack, signal, signal.unhealthy) <= 0.4


@pytest.mark.parametrize("pack", packs(), ids=lambda pack: pack.system)
def test_a_bad_day_moves_the_right_dimension(pack: Pack) -> None:
    for dimension in Dimension:
        chosen = [signal for signal in pack.signals if signal.dimension is dimension]
        (good,) = system_health([pack], [e for s in chosen for e in day(pack, s.healthy)], NOW)
        (bad,) = system_health([pack], [e for s in chosen for e in day(pack, s.unhealthy)], NOW)
        assert bad.dimensions[dimension] < good.dimensions[dimension]


def test_nothing_heard_is_missing_and_not_healthy() -> None:
    for found in system_health(packs(), [], NOW):
        assert found.dimensions == {}
        assert found.missing_feeds
        assert all(signal.health is None for signal in found.signals)


def test_a_new_system_is_a_new_file(tmp_path: Path) -> None:
    (tmp_path / "extra.yml").write_text(
        "system: extra\nowner: 某处\nfeeds: [{kind: metric, every_h: 1}]\nsignals:\n"
        "- {id: a, dimension: data, title_zh: 甲, title_en: a, of: {kind: metric, name: a}, measure: maximum,"
        " field: value, best: 0, worst: 1, healthy: [], unhealthy: []}\n",
        encoding="utf-8",
    )
    (pack,) = load_packs(tmp_path)
    assert pack.system == "extra"


@pytest.mark.parametrize("text", ["[", "system: x", "system: x\nowner: y\nfeeds: 3\nsignals: []", "a: &a [*a]"])
def test_a_broken_pack_names_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.yml").write_text(text, encoding="utf-8")
    with pytest.raises(AppError, match=r"broken\.yml"):
        load_packs(tmp_path)
