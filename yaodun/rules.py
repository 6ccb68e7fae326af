"""The rules of a site: where they lie, read with the site's changes, and kept fresh while the stream runs."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections import deque
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from analytics.rules.book import TOPIC, RuleBook
from analytics.rules.canary import Tried, Would, added
from analytics.rules.changes import Changes
from analytics.rules.coverage import Watch
from analytics.rules.desk import RulePlaces
from analytics.rules.load import load_kept, load_rules, shipped_rules, stamp_of
from analytics.rules.rule import RuleSet
from analytics.rules.state import Sight
from infra.durable import replace_file
from infra.feed import Feed
from yaodun.site import Site

log = logging.getLogger(__name__)
LOOK_S = 5.0
"""How often is looked for suppressions that ended and files that changed; what people change is told at once."""
COMPILE_S = 600.0
SIGHT_KEPT = timedelta(days=7)
"""A rule is blind when nothing that could feed it was seen for so long, over restarts."""


def places_of(site: Site) -> RulePlaces:
    """Where the rules of a site lie."""
    own = (shipped_rules(), site.home.rules, *map(Path, site.settings.ingest.rules))
    return RulePlaces(own, site.home.state / "rules")


def rules_of(site: Site, changes: Changes) -> RuleSet:
    """The rules of a site with these changes."""
    places = places_of(site)
    return load_rules(places.paths, cache=places.cache, changes=changes)


def sight_path(site: Site) -> Path:
    """Where the stream says which rules are blind."""
    return site.home.state / "rule-sight.json"


def sight_of(site: Site) -> Sight:
    """What it last said."""
    try:
        return msgspec.json.decode(sight_path(site).read_bytes(), type=Sight)
    except (OSError, msgspec.MsgspecError):
        return Sight()


def canary_path(site: Site) -> Path:
    """Where the stream says what rules on trial would have raised."""
    return site.home.state / "rule-canary.json"


def canaries_of(site: Site) -> dict[str, Would]:
    """What it last said, by rule id."""
    try:
        return msgspec.json.decode(canary_path(site).read_bytes(), type=dict[str, Would])
    except (OSError, msgspec.MsgspecError):
        return {}


class FreshRules:
    """The rules in force, compiled anew beside the stream when they change: ``take`` gives the next set once.

    ``ruleset`` and ``watch`` are replaced by the stream's own thread alone; the one that looks asks it to.

    Compiling happens in a process of its own: it takes seconds for thousands of rules, and a library the stream does
    without.
    """

    def __init__(self, site: Site, feed: Feed) -> None:
        self._site, self._book = site, RuleBook(site.records, site.clock)
        self._changed, self._stop = threading.Event(), threading.Event()
        feed.subscribe([TOPIC], lambda notice: self._changed.set())
        self._stamp, changes = self._look()
        self.ruleset = rules_of(site, changes)
        self.watch = Watch(self.ruleset)
        self._next: deque[RuleSet] = deque(maxlen=1)
        self._watch_anew = threading.Event()
        self._told = sight_of(site)
        self._would, self._tried = canaries_of(site), deque[dict[str, Tried]]()
        self._thread = threading.Thread(target=self._run, name="fresh-rules", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join(5.0)

    def take(self) -> RuleSet | None:
        """The set to go on with, where there is another; for the stream's own thread."""
        ruleset = self._next.popleft() if self._next else None
        if ruleset is not None:
            self.ruleset, self.watch = ruleset, Watch(ruleset)
        elif self._watch_anew.is_set():
            self._watch_anew.clear()
            self.watch = Watch(self.ruleset)
        return ruleset

    def tell_tried(self, tried: dict[str, Tried]) -> None:
        """Take note of what rules on trial would have raised; for the stream's own thread."""
        if tried:
            self._tried.append(tried)

    def _run(self) -> None:
        while not self._stop.is_set():
            self._changed.wait(LOOK_S)
            self._changed.clear()
            try:
                self._refresh()
                self._tell_sight(self._site.clock.now())
                self._tell_canaries(self._site.clock.now())
            except Exception:
                log.exception("rules.refresh_failed")

    def _refresh(self) -> None:
        stamp, changes = self._look()
        if stamp == self._stamp or self._stop.is_set():
            return
        ruleset = self._kept(changes)
        if ruleset is None:
            words = (sys.executable, "-m", "yaodun.workers.rules", "--home", str(self._site.home.root))
            subprocess.run(words, check=True, timeout=COMPILE_S, stdout=subprocess.DEVNULL)
            ruleset = self._kept(changes) or rules_of(self._site, changes)
        self._next.append(ruleset)
        self._stamp = stamp
        log.info("rules.reloaded", extra={"rules": len(ruleset.rules), "failed": len(ruleset.failures)})

    def _kept(self, changes: Changes) -> RuleSet | None:
        """The set where it is compiled already, as it is when only switches changed."""
        places = places_of(self._site)
        return load_kept(places.paths, self._site.home.state / "rules", changes)

    def _look(self) -> tuple[tuple[object, ...], Changes]:
        changes = self._book.changes(self._site.clock.now())
        return (changes.digest(), stamp_of(places_of(self._site).paths)), changes

    def _tell_canaries(self, now: datetime) -> None:
        """Write down what was tried since the last look."""
        on_trial = [rule.id for rule in self.ruleset.rules if rule.canary and not rule.off]
        found = added(self._would, {}, on_trial, now)
        for _ in range(len(self._tried)):
            found = added(found, self._tried.popleft(), on_trial, now)
        if found != self._would:
            replace_file(canary_path(self._site), msgspec.json.encode(found))
            self._would = found

    def _tell_sight(self, now: datetime) -> None:
        """Seen is what this process or, lately, the one before met an event for; now and then it begins anew."""
        watch = self.watch
        rules, blind = watch.ruleset.rules, watch.blind()
        seen = frozenset(rule.id for number, rule in enumerate(rules) if number not in blind and not rule.off)
        since = self._told.since
        if since is None:
            found = Sight(now, seen)
        elif now - since < SIGHT_KEPT:
            found = Sight(since, seen | self._told.seen)
        else:
            found = Sight(now, seen)
            self._watch_anew.set()
        if found != self._told:
            replace_file(sight_path(self._site), msgspec.json.encode(found))
            self._told = found
