"""What one due time asks for (an inspection, a report), in a process of its own; the fire comes on standard input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from infra.home import Home
from infra.schedule import Fire
from yaodun.rooms.casework import casework_of
from yaodun.rooms.clockwork import do
from yaodun.service import log_to
from yaodun.site import open_site


def main() -> int:
    """Do it; 0 where its outcome is kept, whatever it found."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.due")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args().home)
    log_to(home, "due")
    site = open_site(home)
    try:
        do(casework_of(site), msgspec.json.decode(sys.stdin.buffer.read(), type=Fire))
    finally:
        site.records.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
