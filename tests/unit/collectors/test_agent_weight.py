"""The agent stays small: what it imports is bounded, on this host and on others."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("duckdb", "pyarrow", "sqlalchemy", "cryptography", "fastapi", "dash", "numpy", "pydantic", "scapy", "sklearn")


def test_the_agent_loads_no_database_no_web_and_no_cryptography() -> None:
    program = "import sys, yaodun.services.agent; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert loaded.isdisjoint(HEAVY), loaded & set(HEAVY)
