"""Graded protection: catalogue, form, prefill, automatic verdicts, host baselines, speed, high-risk cases."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import graded_openscap
from bench.figure import Row, figure
from infra.errors import AppError
from ops.baseline.host import Host
from ops.baseline.outcome import Verdict as Seen
from ops.baseline.registry import all_checks, run_check
from ops.baseline.tree import HostTree
from ops.controls.board import Board
from ops.controls.catalogue import Extension, shipped_catalogue
from ops.controls.highrisk import risks
from ops.controls.rules import shipped_rules
from ops.filing.document import Origin, new_document, put
from ops.filing.exchange import read_filing
from ops.filing.form import FieldType, shipped_form
from ops.filing.spreadsheet import to_xlsx
from ops.filing.word import to_docx
from tests.unit.ops.baseline import test_checks as labelled
from tests.unit.ops.baseline.trees import DEBIAN, NOW, RHEL, build
from tests.unit.ops.controls import sites
from tests.unit.ops.controls.test_catalogue import PUBLISHED
from tests.unit.ops.filing import forms

ASSETS = int(os.environ.get("BENCH_ASSETS", "5000"))
RUNS = 3


@figure("catalogue_totals")
def catalogue_totals() -> list[Row]:
    """Pairs of points and items equal to the published ones, of 20."""
    catalogue = shipped_catalogue()
    equal = sum(
        catalogue.totals(ext, level) == pair for ext, pairs in PUBLISHED.items() for level, pair in enumerate(pairs, 1)
    )
    return [Row("catalogue_totals", equal, "pairs")]


@figure("form_fields_pct")
def form_fields() -> list[Row]:
    """Input fields that take a value, refuse one of another type, and come back from docx and xlsx."""
    form = shipped_form()
    good = sum(_field_works(name) for name in form.inputs)
    return [Row("form_fields_pct", round(100 * good / len(form.inputs), 2), "%")]


def _field_works(name: str) -> bool:
    form = shipped_form()
    table, _, field_id = name.partition(".")
    document = new_document("B1", form, {"o": ["c"]})
    sheet = next(document.of_table(table))
    field = form.inputs[name]
    put(form, sheet, field_id, _sample(field_id, field.type), Origin("typed"), "bench", None)
    wrong: object = "?" if field.type is not FieldType.TEXT else 7
    try:
        put(form, sheet, field_id, wrong, Origin("typed"), "bench", None)
    except AppError:
        pass
    else:
        return False
    shapes = (to_docx(document, form), to_xlsx(document, form))
    return all(read_filing(raw, form, "bench").values() == document.values() for raw in shapes)


def _sample(field_id: str, kind: FieldType) -> object:
    field = next(each for each in shipped_form().inputs.values() if each.id == field_id)
    first = next(iter(field.options), "")
    samples: dict[FieldType, object] = {
        FieldType.TEXT: "某局 & <一处>",
        FieldType.CODE: first,
        FieldType.MULTI: [first],
        FieldType.NUMBER: 12.5,
        FieldType.BOOL: True,
        FieldType.DATE: "2026-05-01",
        FieldType.FILE: forms.FILE,
    }
    return samples[kind]


@figure("baseline_verdicts_right", "baseline_false_compliant")
def baseline_verdicts() -> list[Row]:
    """Labelled trees: debootstrap trees against openscap where its tools are there, and the hand-built ones."""
    with tempfile.TemporaryDirectory() as folder:
        verdicts = [(expected, seen) for _, expected, seen in _labelled(Path(folder))]
    hand = len(verdicts)
    agreed, compared = 0, 0
    if graded_openscap.available():
        for each in graded_openscap.compare():
            verdicts.append((Seen.COMPLIANT if each.label else Seen.NON_COMPLIANT, each.ours))
            if each.ssg in ("pass", "fail"):
                compared += 1
                agreed += (each.ssg == "pass") is (each.ours is Seen.COMPLIANT)
    right = sum(expected is seen for expected, seen in verdicts)
    false = sum(seen is Seen.COMPLIANT and expected is Seen.NON_COMPLIANT for expected, seen in verdicts)
    note = f"{len(labelled.BAD) + 2} hand-built trees ({hand} verdicts, labels by the checks' author)"
    note += (
        f"; {graded_openscap.TREES} debootstrap trees, {agreed} of {compared} agree with openscap" if compared else ""
    )
    baseline = agreed / compared if compared else None
    return [
        Row("baseline_verdicts_right", round(right / len(verdicts), 4), "ratio", "openscap", baseline, value_note=note),
        Row("baseline_false_compliant", false, "verdicts", value_note=note),
    ]


def _labelled(folder: Path) -> Iterator[tuple[str, Seen, Seen]]:
    checks = {check.id: check for check in all_checks()}
    for name, tree in (("debian", DEBIAN), ("rhel", RHEL)):
        host = _host(build(folder / name, tree))
        for check_id in sorted({each for each, _ in labelled.BAD}):
            if name == "debian" or check_id.startswith(
                ("identity.", "lockout.", "password.", "ssh.", "sudo.", "audit.")
            ):
                seen = run_check(checks[check_id], host).verdict
                if seen not in (Seen.NOT_APPLICABLE, Seen.NOT_OBTAINED):
                    yield f"{name} {check_id}", Seen.COMPLIANT, seen
    for number, (check_id, change) in enumerate(labelled.BAD):
        root = build(folder / f"bad{number}", DEBIAN, change)
        yield f"bad {check_id}", Seen.NON_COMPLIANT, run_check(checks[check_id], _host(root)).verdict
        shutil.rmtree(root)


def _host(root: Path) -> Host:
    return Host(HostTree(root, live=False), NOW)


@figure("verdicts_full_s")
def full_verdicts() -> list[Row]:
    """Every unit on every asset from nothing, and after one changed fact; median of three."""
    profile = sites.profile(assets=_assets())
    facts = sites.all_facts(profile)
    full, one = [], []
    for run in range(RUNS):
        board = Board(profile, shipped_catalogue(), shipped_rules(), sites.NOW)
        started = time.perf_counter()
        board.load(facts)
        states = list(board.units())
        full.append(time.perf_counter() - started)
        started = time.perf_counter()
        board.change(sites.seen("h7", "baseline.ssh.root_login", "non_compliant", minutes=1 + run))
        after = list(board.units())
        one.append(time.perf_counter() - started)
        assert [s.item for s in states] == [s.item for s in after]
    note = "" if ASSETS >= 5000 else f"{ASSETS} assets"
    return [
        Row("verdicts_full_s", round(statistics.median(full), 3), "s", value_note=note),
        Row("verdicts_one_change_s", round(statistics.median(one), 3), "s", value_note=note),
    ]


def _assets() -> dict[str, str]:
    hosts = {f"h{number}": "host" for number in range(ASSETS * 92 // 100)}
    devices = {f"n{number}": "network_device" for number in range(ASSETS * 5 // 100)}
    rest = ASSETS - len(hosts) - len(devices)
    return hosts | devices | {f"f{number}": "firewall" for number in range(rest - 1)} | {"r0": "room"}


@figure("high_risk_triggered")
def high_risk() -> list[Row]:
    """Cases of the 2025 guide that fire when their facts break."""
    every: dict[str, object] = {"s": 4, "a": 4, "extensions": tuple(Extension)}
    profile = sites.profile(**every)
    fired = set()
    for case in shipped_rules().cases:
        need = case.needs[0]
        asset = sites.on(case.on, profile)[0]
        board = sites.board([sites.seen(asset, need.fact, sites.breaking(need), minutes=1)], **every)
        fired |= {risk.case.id for risk in risks(board, shipped_rules())}
    return [Row("high_risk_triggered", len(fired), "cases")]
