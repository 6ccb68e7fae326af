"""The same unit tests that pass on SQLite, run on PostgreSQL: no room may lean on one of the two."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
CHOSEN = (
    "infra/ledger/test_sequencer.py",
    "infra/feed",
    "infra/register/test_register.py",
    "infra/schedule/test_clockwork.py",
    "trust/access/test_decide.py",
    "trust/identity/test_service.py",
    "trust/identity/test_tokens.py",
    "trust/audit",
    "ops/incidents/test_service.py",
    "ops/incidents/test_timers.py",
    "ops/work",
    "ops/reports",
    "ops/inspection",
)
LEFT_OUT = (
    "broken_ledger", "secret_is_nowhere", "verdict", "rewrote", "all_means_all", "two_sequencers", "pages_together",
)  # fmt: skip
"""The first four forge rows with SQLite's own statements; the others make a database for each of many examples, or
have a twin for PostgreSQL in test_postgres.py."""


def test_the_same_on_postgres(postgres_url):
    choice = " and ".join(f"not {name}" for name in LEFT_OUT)
    words = [sys.executable, "-m", "pytest", "-q", "--maxfail=8", "--tb=short", "-k", choice]
    words += [str(Path("tests/unit") / folder) for folder in CHOSEN]
    environment = {**os.environ, "YAODUN_TEST_POSTGRES": postgres_url}
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-5000:]
