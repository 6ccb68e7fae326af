"""kill -9 while certificates are issued: no certificate without its audit row, no row without its certificate."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import select

from infra.clock import SystemClock
from infra.records import Records
from trust.ca import rows
from trust.ca.authority import resolve
from trust.ca.pki import open_pki

pytestmark = pytest.mark.faults
KILLS = 100 if os.environ.get("YAODUN_PROVE") == "full" else 2
CHILD = """
import sys
from pathlib import Path
from tests.unit.trust.ca.site import Site
from trust.ca.authority import Order
from trust.ca.names import subject_der
site = Site(Path(sys.argv[1]))
root = site.root()
order = Order("device", root.key.spki, subject_der("CN=x, C=CN"))
from trust.keys import material
from trust.keys.seams import KeyKind
order = Order("device", material.spki_of(material.generate(KeyKind.SM2)), order.subject)
print("ready", flush=True)
while True:
    print(f"{root.issue(order, 'child').serial:x}", flush=True)
"""


def issue_until_killed(folder: Path, after_s: float) -> list[str]:
    """Serial numbers the child said it had issued before it was killed."""
    with subprocess.Popen([sys.executable, "-c", CHILD, str(folder)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(after_s)
        child.kill()
        said = child.stdout.read()
    return said.splitlines() if said.endswith("\n") else said.splitlines()[:-1]


def columns(pki: Records, column: object) -> list[str]:
    return [str(value) for value in pki.read(lambda session: session.scalars(select(column)).all())]  # type: ignore[call-overload]


@pytest.mark.parametrize("number", range(KILLS))
def test_nothing_is_half_done(tmp_path: Path, number: int) -> None:
    said = issue_until_killed(tmp_path, 0.3 + 0.137 * (number % 7))
    pki = open_pki(tmp_path / "pki.db")
    try:
        resolve(pki, SystemClock())
        serials = columns(pki, rows.certificates.c.serial)
        told = [thing for thing in columns(pki, rows.outbox.c.thing) if thing.startswith("certificate:")]
        issued = columns(pki, rows.outbox.c.intent)
        assert set(said) <= set(serials)
        assert len(serials) == len(set(serials))
        assert sorted(intent for intent in issued if intent != "None") == sorted(
            columns(pki, rows.certificates.c.intent)
        )
        assert {f"certificate:{serial}" for serial in serials} <= set(told)
        assert set(columns(pki, rows.intents.c.state)) <= {"issued", "abandoned"}
        assert len(columns(pki, rows.intents.c.serial)) == len(set(columns(pki, rows.intents.c.serial)))
    finally:
        pki.close()
