"""kill -9 at the persistence boundaries of a run: nothing lost, nothing doubled, the rest brought before a person."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FULL = os.environ.get("YAODUN_PROVE") == "full"


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_no_effect_is_lost_or_doubled() -> None:
    points, randomly = (1000, 100) if FULL else (40, 3)
    words = [sys.executable, "-m", "tests.faults.playbook_kills", "--points", str(points), "--random", str(randomly)]
    done = subprocess.run(
        words, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=1700, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert found["kills"] >= points - 1
    assert (found["lost"], found["doubled"]) == (0, 0)
    assert found["boundaries"] >= 20
    assert found["unknown"] > 0
