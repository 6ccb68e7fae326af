"""The demonstration: every event labelled, all fourteen systems speak, and the attack is what rules look for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from analytics.rules import Engine, load_rules
from analytics.rules.load import shipped_rules
from analytics.systems.health import system_health
from analytics.systems.packs import packs
from infra.events import Conformed, Conformer, table
from infra.events.business import BusinessSystem, Refused, decode_event, document_of, encode_event
from yaodun.demo.everyday import host_events, office, reading, readings
from yaodun.demo.hosts import addresses, members
from yaodun.demo.story import ATTACKER, STAGES, Scene
from yaodun.simulation.dice import Dice

NOW = datetime(2026, 11, 25, 4, tzinfo=UTC)


def _scene(stage: str, seed: int = 1) -> Scene:
    return Scene(Dice(seed, f"demo/{stage}"), NOW, stage, "demo-1")


def _documents() -> list[dict[str, Any]]:
    return [document for stage in STAGES for document in stage.host_events(_scene(stage.name))]


def _business() -> list[Any]:
    return [event for stage in STAGES for event in stage.business_events(_scene(stage.name))]


def test_every_event_says_that_it_is_simulated() -> None:
    everyday = list(host_events(Dice(1, "x"), NOW, "demo-1"))
    assert all(document["yaodun.simulated"] is True for document in _documents() + everyday)
    quiet = [*readings(Dice(1, "x"), NOW, "r"), *office(Dice(1, "x"), NOW, "r")]
    assert all(event.simulated for event in _business() + quiet)


def test_every_document_meets_the_table_and_every_event_the_format() -> None:
    conformer = Conformer(table())
    for document in _documents():
        assert isinstance(conformer.conform(dict(document), NOW), Conformed), document
    for event in _business():
        assert not isinstance(decode_event(encode_event(event)), Refused)


def test_all_fourteen_systems_have_hosts_and_speak() -> None:
    assert {member.id for member in members()} == set(BusinessSystem)
    assert {event.system for event in readings(Dice(1, "x"), NOW, "r")} == set(BusinessSystem)
    assert len(set(addresses().values())) == len(addresses())


def test_a_good_hour_of_the_site_is_healthy_by_what_is_expected_and_the_attack_is_not() -> None:
    for bad in (False, True):
        events = [event for member in members() for event in reading(Dice(1, "x"), member, NOW, "r", bad=bad)]
        measured = [signal for system in system_health(packs(), events, NOW) for signal in system.signals]
        known = [signal.health for signal in measured if signal.health is not None]
        assert len(known) >= 30
        assert (max(known) < 0.5) if bad else (min(known) >= 0.85)


def test_events_of_a_play_have_ids_of_their_own() -> None:
    ids = [event.id for event in _business()]
    assert len(ids) == len(set(ids))


def test_the_shipped_rules_see_the_stages_of_the_attack() -> None:
    conformer = Conformer(table())
    events = []
    for number, document in enumerate(_documents()):
        found = conformer.conform(dict(document), NOW)
        assert isinstance(found, Conformed)
        events.append({**found.event, "event.id": str(number), "yaodun.source": "demo-hosts"})
    signals = Engine(load_rules([shipped_rules()])).match(events)
    stage_of = {str(number): document["labels"]["stage"] for number, document in enumerate(_documents())}
    seen = {stage_of[event] for signal in signals for event in signal.event_ids}
    assert {"reconnaissance", "entry", "foothold", "traces"} <= seen
    assert any(ATTACKER in why.value for signal in signals for why in signal.why)


def test_the_shipped_rules_see_the_business_side_of_the_attack() -> None:
    conformer = Conformer(table())
    events, stage_of = [], {}
    for stage in STAGES:
        for event in stage.business_events(_scene(stage.name)):
            found = conformer.conform(document_of(event), NOW)
            assert isinstance(found, Conformed)
            events.append({**found.event, "event.id": event.id, "yaodun.source": "demo-business"})
            stage_of[event.id] = stage.name
    signals = Engine(load_rules([shipped_rules()])).match(events)
    assert {"entry", "foothold", "abuse", "exfiltration"} <= {
        stage_of[name] for each in signals for name in each.event_ids
    }
