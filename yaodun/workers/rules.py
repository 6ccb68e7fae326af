"""``python -m yaodun.workers.rules``: the rules of a site compiled into its folder of compiled sets."""

from __future__ import annotations

import argparse
import os

from analytics.rules.book import RuleBook
from yaodun.rules import rules_of
from yaodun.service import die_with_parent, log_to
from yaodun.site import open_site
from yaodun.terminal import common_options, home_of


def main() -> int:
    """Once."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.rules")
    common_options(parser)
    home = home_of(parser.parse_args())
    die_with_parent()
    os.nice(5)
    log_to(home, "rules")
    site = open_site(home)
    try:
        rules_of(site, RuleBook(site.records, site.clock).changes(site.clock.now()))
    finally:
        site.records.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
