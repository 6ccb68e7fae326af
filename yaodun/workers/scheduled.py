"""``python -m yaodun.workers.scheduled``: judge what the last whole hours brought, against the days before."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections import Counter

import orjson

from analytics.behaviour.kept import KeptContributions
from analytics.models.answers import Answers
from analytics.scheduled import scheduled_jobs
from analytics.scheduled.judges import EntityJudge
from infra.ledger import record
from ops.alerts import Alerts
from yaodun.service import die_with_parent, log_to
from yaodun.site import Site, open_site
from yaodun.terminal import common_options, home_of
from yaodun.workers.graph import graph_places, graph_source

log = logging.getLogger(__name__)


def main() -> int:
    """Run every job once."""
    parser = argparse.ArgumentParser(prog="yaodun.workers.scheduled")
    common_options(parser)
    home = home_of(parser.parse_args())
    die_with_parent()
    os.nice(10)
    log_to(home, "scheduled")
    site = open_site(home)
    try:
        sys.stdout.write(orjson.dumps(judge(site)).decode() + "\n")
    finally:
        site.records.close()
    return 0


def judge(site: Site) -> dict[str, int]:
    """Signals per job; a job that breaks is logged and the others go on."""
    alerts = Alerts(site.records, site.clock, record)
    store = site.open_store(read_only=True)
    counts: Counter[str] = Counter()
    folder = site.home.state / "behaviour"
    kept = KeptContributions.load(folder)
    lessons = Answers(site.records).lessons(site.clock.now())
    for job in scheduled_jobs(store, [graph_source(site)], places=graph_places(site), lessons=lessons):
        try:
            signals = job.run(site.clock.now())
            judge_of = getattr(job, "judge", None)
            if not isinstance(judge_of, EntityJudge):
                signals = lessons.heard(signals)
        except Exception:
            log.exception("scheduled.failed", extra={"job": job.name})
            continue
        alerts.absorb(signals)
        counts[job.name] += len(signals)
        if isinstance(judge_of, EntityJudge):
            kept.merge(judge_of.kind.name, judge_of.kept, site.clock.now())
    kept.save(folder)
    store.close()
    return dict(counts)


if __name__ == "__main__":
    sys.exit(main())
