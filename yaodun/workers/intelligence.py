"""``python -m yaodun.workers.intelligence``: feeds come in, the store is searched for what is new."""

from __future__ import annotations

import argparse
import os
import sys

import orjson

from infra.ledger import record
from ops.alerts import Alerts
from yaodun.intelligence import ask_taxii, hunt, take_in
from yaodun.service import die_with_parent, log_to
from yaodun.site import Site, open_site
from yaodun.terminal import common_options, home_of


def main() -> int:
    """Once."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.intelligence")
    common_options(parser)
    home = home_of(parser.parse_args())
    die_with_parent()
    os.nice(10)
    log_to(home, "intelligence")
    site = open_site(home)
    try:
        sys.stdout.write(orjson.dumps(renew(site)).decode() + "\n")
    finally:
        site.records.close()
    return 0


def renew(site: Site) -> dict[str, int]:
    """Counts: files taken in, indicators that are new, hits in the store."""
    ask_taxii(site)
    taken = take_in(site)
    store = site.open_store(read_only=True)
    try:
        found = hunt(site, store)
    finally:
        store.close()
    Alerts(site.records, site.clock, record).absorb(found)
    return {"files": len(taken), "new": sum(one.new for one in taken), "hits": len(found)}


if __name__ == "__main__":
    raise SystemExit(main())
