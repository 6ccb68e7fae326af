"""Network detectors: cases and look-alikes of seeds the bench does not use, the published formulas, a real scan."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime
from itertools import islice

import pytest

from analytics.network import NetworkDetector
from analytics.network.beacon import regular, score
from analytics.network.finding import Bounded, Kind
from bench.network import PAIRS, beacon, claim, fires, flow, measured, refused
from infra.events import Conformed, Conformer, table
from tests.unit.collectors.capture.wire import FAR, NEAR, namespaces_here, wire

CASES = 8


def test_every_detector_finds_its_cases_and_leaves_look_alikes_alone() -> None:
    for detector, (found, missed, false) in measured(seed=77, cases=CASES).items():
        assert found / (found + missed) >= 0.9, f"{detector} missed {missed} of {CASES}"
        assert found / (found + false) >= 0.9, f"{detector} found {false} of {CASES} look-alikes"


def test_a_finding_says_its_numbers_and_has_one_identity() -> None:
    events = list(beacon(random.Random(5)))
    signals = NetworkDetector().match(events)
    signal, *later = [one for one in signals if one.rule_id == Kind.BEACON.value]
    assert {why.field for why in signal.why} >= {"score", "times", "sizes", "histogram", "duration", "connections"}
    assert signal.entity_value == "10.1.1.7"
    again = [one for one in NetworkDetector().match(events) if one.rule_id == Kind.BEACON.value]
    assert [one.id for one in again] == [signal.id, *(one.id for one in later)]


def test_the_score_of_a_clockwork_is_one_and_of_one_burst_is_low() -> None:
    clockwork = score([60.0 * number for number in range(24 * 60)], [500.0] * (24 * 60))
    assert clockwork.total == pytest.approx(1.0)
    burst = score([number * 0.1 for number in range(100)], [float(2**number) for number in range(20)] * 5)
    assert burst.duration == 0
    assert burst.total < 0.5


def test_spread_about_the_median_worked_by_hand() -> None:
    # 10, 10, 20, 30, 40: quartiles 10, 20, 30, so no skew; deviations 0, 10, 10, 10, 20: spread 10 of 20
    assert regular([10, 10, 20, 30, 40]) == pytest.approx((1 + 0.5) / 2)


@pytest.mark.parametrize("inner", ["10.9.9.9", "192.168.3.4", "fd00::9"])
def test_regular_talk_within_the_house_is_no_beacon(inner: str) -> None:
    events = [{**event, "destination.ip": inner} for event in beacon(random.Random(5))]
    assert not fires((Kind.BEACON,), events)


def test_one_dead_server_asked_for_ever_is_no_scan() -> None:
    events = [refused(one * 5.0, "10.1.1.7", "10.1.2.2", 443, silent=True) for one in range(500)]
    assert not fires((Kind.PORT_SCAN, Kind.HOST_SWEEP), events)


def test_a_slow_scan_is_found_that_no_window_of_a_minute_holds() -> None:
    events = [refused(port * 120.0, "10.1.1.7", "10.1.2.2", port) for port in range(1, 25)]
    assert fires((Kind.PORT_SCAN,), events)


def test_a_fail_over_is_no_forgery() -> None:
    events = [
        claim(one * 5.0, "10.1.1.1", "02-00-00-00-00-01" if one < 10 else "02-00-00-00-00-02") for one in range(20)
    ]
    assert not fires((Kind.ARP_SPOOFING,), events)


def test_a_table_keeps_to_its_bound_and_counts_what_went() -> None:
    held: Bounded[list[int]] = Bounded(3, list)
    for number in range(10):
        held[number].append(number)
    assert (len(held), held.evicted) == (3, 7)
    assert held[9] == [9]


def test_events_of_other_streams_are_left_alone() -> None:
    events = [{**event, "yaodun.stream": "logs"} for event in PAIRS["port_scan"][1](random.Random(1))]
    assert NetworkDetector().match(events) == []
    assert NetworkDetector().match([{"yaodun.stream": "flows"}, flow(0, "", "", 0)]) == []


def test_a_scan_of_nmap_on_a_real_wire_is_found() -> None:
    if why := namespaces_here():
        pytest.skip(why)
    if not (nmap := shutil.which("nmap")):
        pytest.skip("no nmap; install the package nmap")
    conformer, detector, now = Conformer(table()), NetworkDetector(), datetime.now(UTC)
    with wire() as line, line.heard() as heard:
        line.run(line.near, [nmap, "-sS", "-Pn", "-n", "-T4", "-p", "21000-21059", FAR])
        for document in islice(heard, 200):
            found = conformer.conform(document, now)
            assert isinstance(found, Conformed)
            if signals := detector.match([found.event]):
                break
    assert [(one.rule_id, one.entity_value) for one in signals] == [(Kind.PORT_SCAN.value, NEAR)]
