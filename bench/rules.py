"""The rule engine: all SigmaHQ Windows rules over the Security-Datasets events, beside bare decoding of the same lines.

Blocks of lines are decoded bare and matched in turn, so that both meet the same machine. The engine starts cold: event
classes, value tables and memos are built within the measured time, and so is loading the kept rule set.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from analytics.rules.correlation import Correlator, Hit
from analytics.rules.lens import WindowsLens
from analytics.rules.load import load_rules
from analytics.rules.matcher import Matcher
from bench.figure import Row, figure
from tests.unit.analytics.rules.sigmahq import FOLDERS, FULL, SIGMA, windows_lines

BLOCK = 250
EVERY = 1_000_000
UNMEMOISED = 30_000


def _blocks(most: int) -> Iterator[list[bytes]]:
    block: list[bytes] = []
    for line in windows_lines(most):
        block.append(line)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block


def _race(matcher: Matcher, most: int) -> tuple[int, float, float]:
    """Events, CPU seconds of bare decoding, CPU seconds of decoding and matching."""
    events, bare, matched = 0, 0.0, 0.0
    for block in _blocks(most):
        began = time.process_time()
        for line in block:
            orjson.loads(line)
        middle = time.process_time()
        matcher.match_lines(block)
        matched += time.process_time() - middle
        bare += middle - began
        events += len(block)
    return events, bare, matched


@figure("match_eps_core", "match_vs_orjson")
def throughput() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder:
        load_rules([SIGMA / "rules" / "windows"], cache=Path(folder))
        began = time.process_time()
        matcher = Matcher(load_rules([SIGMA / "rules" / "windows"], cache=Path(folder)), WindowsLens())
        loading = time.process_time() - began
    events, bare, matched = _race(matcher, EVERY)
    note = f"{events} events, {len(matcher.ruleset.rules)} rules, cold, loading {loading:.2f} s included"
    rate, decoding = events / (matched + loading), events / bare
    yield Row("match_eps_core", rate, "events/s", "orjson.loads", decoding, rate / decoding, detail=note)
    yield Row("match_vs_orjson", rate / decoding, "ratio", "orjson.loads", decoding, rate / decoding, detail=note)


@figure("match_no_memo_eps")
def without_memo() -> Iterable[Row]:
    matcher = Matcher(load_rules([SIGMA / "rules" / "windows"]), WindowsLens(), memo=False)
    _race(matcher, UNMEMOISED)
    events, bare, matched = _race(matcher, UNMEMOISED)
    note = f"{events} events, every one worked out anew"
    yield Row(
        "match_no_memo_eps", events / matched, "events/s", "orjson.loads", events / bare, bare / matched, detail=note
    )


_STARTED = """
import json, re, sys, time
from pathlib import Path
from analytics.rules import Engine, load_rules
began = time.process_time()
engine = Engine(load_rules([Path(one) for one in sys.argv[2:]], cache=Path(sys.argv[1])))
took = time.process_time() - began
from analytics.rules.lens import WindowsLens
from analytics.rules.matcher import Matcher
matcher = Matcher(engine.ruleset, WindowsLens())
lines = []
for line in sys.stdin.buffer:
    lines.append(line)
    if len(lines) == 1000:
        matcher.match_lines(lines)
        lines = []
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) / 1024
print(json.dumps({"took": took, "peak": peak, "rules": len(engine.ruleset.rules)}))
"""


def _started(cache: Path, events: int) -> dict[str, float]:
    folders = [str(SIGMA / folder) for folder in FOLDERS]
    made = subprocess.run(
        [sys.executable, "-c", _STARTED, str(cache), *folders],
        input=b"".join(windows_lines(events)),
        capture_output=True,
        check=True,
        timeout=600,
    )
    answer: dict[str, float] = json.loads(made.stdout)
    return answer


@figure("warm_start_s", "engine_rss_mib")
def start_and_memory() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        load_rules([SIGMA / one for one in FOLDERS], cache=Path(folder))
        cold = time.process_time() - began
        starts = sorted(_started(Path(folder), 0)["took"] for _ in range(5))
        memory = _started(Path(folder), 100_000)
    rules = f"{memory['rules']:.0f} rules"
    yield Row(
        "warm_start_s",
        starts[2],
        "s",
        "pySigma parsing",
        cold,
        starts[2] / cold,
        detail=f"{rules}, CPU seconds from rule files to a ready engine, imports apart",
    )
    yield Row("engine_rss_mib", memory["peak"], "MiB", detail=f"{rules}, peak after 100000 events")


_CORRELATIONS = """
title: One
name: one
id: 00000000-0000-4000-8000-000000000001
logsource: {product: bench}
detection: {s: {event.action: x}, condition: s}
level: low
---
title: Count
id: 00000000-0000-4000-8000-000000000002
correlation: {type: event_count, rules: [one], group-by: [source.ip], timespan: 5m, condition: {gte: 1000}}
level: low
---
title: Values
id: 00000000-0000-4000-8000-000000000003
correlation:
  {type: value_count, rules: [one], group-by: [source.ip], timespan: 5m, condition: {field: user.name, gte: 1000}}
level: low
"""


@figure("correlation_eps_core")
def correlations() -> Iterable[Row]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rules.yml").write_text(_CORRELATIONS)
        ruleset = load_rules([Path(folder)])
    hits = [
        Hit(
            0,
            number / 50,
            f"e{number}",
            {"source.ip": f"10.0.{number % 97}.{number % 13}", "user.name": f"u{number % 401}"},
        )
        for number in range(200_000)
    ]
    rates = []
    for _ in range(5):
        correlator = Correlator(ruleset)
        began = time.process_time()
        for hit in hits:
            correlator.feed(hit)
        rates.append(2 * len(hits) / (time.process_time() - began))
    note = "inputs of an event_count and a value_count over 1261 groups"
    yield Row("correlation_eps_core", sorted(rates)[2], "1/s", detail=note)


@figure("regression_cases_fired")
def regression() -> Iterable[Row]:
    from tests.unit.analytics.rules.test_regression import fired_cases

    fired, total = fired_cases()
    yield Row("regression_cases_fired", fired, "cases", detail=f"of {total}")


@figure("oracle_differences")
def differences() -> Iterable[Row]:
    from tests.unit.analytics.rules.oracle import Judge, parse_rules

    judge = Judge(parse_rules(SIGMA / "rules" / "windows"))
    ruleset = load_rules([SIGMA / "rules" / "windows"])
    matcher = Matcher(ruleset, WindowsLens())
    events = found = 0
    for line in windows_lines(100_001 if FULL else 1_000, every=3 if FULL else 350):
        record = orjson.loads(line)
        mine = {ruleset.rules[ruleset.variants[index].rule].id for index in matcher.match(record, line)} - judge.silent
        named = {**record, "Provider_Name": record["SourceName"]} if "SourceName" in record else record
        found += len(mine ^ judge.verdicts(named))
        events += 1
    yield Row("oracle_differences", found, "verdicts", detail=f"{events} real events x {len(ruleset.rules)} rules")
