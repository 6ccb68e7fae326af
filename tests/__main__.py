"""``python -m tests``: every test, on all cores."""

from __future__ import annotations

import sys
from typing import Any

import pytest


class OnAllCores:
    """Hands the tests out by rooms."""

    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        from tests.rooms import Rooms  # pytest rewrites xdist before anybody may import it

        return Rooms(config, log)


if __name__ == "__main__":
    words = ["-q", "-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", *sys.argv[1:]]
    sys.exit(pytest.main(words, plugins=[OnAllCores()]))
