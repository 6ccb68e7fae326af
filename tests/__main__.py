"""``python -m tests``: every test, on all cores."""

import sys

import pytest

if __name__ == "__main__":
    sys.exit(pytest.main(["-q", "-n", "2", "--dist", "loadgroup", "--no-loadscope-reorder", *sys.argv[1:]]))
