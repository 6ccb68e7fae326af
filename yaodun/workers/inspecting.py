"""One due inspection, in a process of its own: the fire comes on standard input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import msgspec

from infra.home import Home
from infra.schedule import Fire
from yaodun.rooms.casework import casework_of
from yaodun.service import log_to
from yaodun.site import open_site


def main() -> int:
    """Run the list of the fire; 0 where the run is kept, whatever it found."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.inspecting")
    parser.add_argument("--home", type=Path, required=True)
    home = Home(parser.parse_args().home)
    log_to(home, "inspecting")
    site = open_site(home)
    try:
        casework_of(site).plans.fire(msgspec.json.decode(sys.stdin.buffer.read(), type=Fire))
    finally:
        site.records.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
