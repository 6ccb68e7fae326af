"""The data folder and what lies where in it. Nothing of the product is written outside."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below one data folder; ``prepare`` makes them, private to the owner."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "yaodun.toml"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def records(self) -> Path:
        return self.root / "records.db"

    @property
    def events(self) -> Path:
        return self.root / "events"

    @property
    def ingest_spool(self) -> Path:
        return self.root / "spool" / "ingest"

    @property
    def agent_spool(self) -> Path:
        return self.root / "spool" / "agent"

    @property
    def sensor_spool(self) -> Path:
        return self.root / "spool" / "sensor"

    @property
    def signal_spool(self) -> Path:
        return self.root / "spool" / "signals"

    @property
    def state(self) -> Path:
        return self.root / "state"

    @property
    def blobs(self) -> Path:
        return self.root / "blobs"

    @property
    def run(self) -> Path:
        """Sockets, pid and status files of running services."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def tls(self) -> Path:
        return self.root / "tls"

    @property
    def decoders(self) -> Path:
        """The site's own decoders of payloads."""
        return self.root / "decoders"

    @property
    def feeds(self) -> Path:
        """Threat intelligence as files, each a source."""
        return self.root / "intelligence"

    @property
    def indicators(self) -> Path:
        """The indicators of all feeds, made from them."""
        return self.state / "indicators.db"

    @property
    def rules(self) -> Path:
        """Rules the site adds to those that are shipped."""
        return self.root / "rules"

    def prepare(self) -> None:
        """Make every folder, mode 0700."""
        for path in (
            self.root,
            self.secrets,
            self.events,
            self.ingest_spool,
            self.agent_spool,
            self.signal_spool,
            self.state,
            self.blobs,
            self.run,
            self.logs,
            self.tls,
            self.rules,
            self.feeds,
        ):
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for path in (self.root, self.secrets, self.run):
            path.chmod(0o700)


def find_home(given: str | None) -> Home:
    """The data folder: ``--home``, else ``YAODUN_HOME``, else the usual place for the user."""
    if chosen := given or os.environ.get("YAODUN_HOME"):
        return Home(Path(chosen).expanduser().resolve())
    if os.geteuid() == 0:
        return Home(Path("/var/lib/yaodun"))
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Home(Path(base).expanduser() / "yaodun")
