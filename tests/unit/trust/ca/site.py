"""A site with a PKI database, keys and a ledger, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from infra.clock import ManualClock
from infra.ledger import Sequencer
from infra.records import Records, open_records
from infra.records.migrate import migrate
from trust.ca.authority import Authority
from trust.ca.found import Foundation, Founder
from trust.ca.pki import open_pki
from trust.ca.relay import Relay
from trust.keys.seams import KeyKind
from trust.keys.software import SoftwareKeys

NOW = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)


class Site:
    """Everything a signer has; ``close`` it."""

    def __init__(self, folder: Path, ledger: bool = False) -> None:
        self.clock = ManualClock(NOW)
        self.folder = folder
        self.keys = SoftwareKeys(folder / "keys")
        self.shares = self.keys.initialise(1, 1)
        self.pki = open_pki(folder / "pki.db")
        self.founder = Founder(self.pki, self.keys, self.clock)
        self.records: Records | None = None
        self.relay: Relay | None = None
        if ledger:
            self.records = open_records(folder / "records.db")
            migrate(self.records.engine)
            self.relay = Relay(self.pki, self.records, Sequencer(self.records, self.clock))

    def root(self, name: str = "root", kind: KeyKind = KeyKind.SM2, **more: object) -> Authority:
        given = Foundation(name, f"CN={name}, O=Yaodun, C=CN", kind, **more)  # type: ignore[arg-type]
        return self.founder.root(given, "tester")

    def below(self, parent: Authority, name: str = "issuing", kind: KeyKind = KeyKind.SM2, **more: object) -> Authority:
        given = Foundation(name, f"CN={name}, O=Yaodun, C=CN", kind, **more)  # type: ignore[arg-type]
        return self.founder.subordinate(parent, given, "tester")

    def close(self) -> None:
        self.pki.close()
        if self.records is not None:
            self.records.close()
