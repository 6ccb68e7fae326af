"""A site: the data folder, its settings, and the rooms that live in it, opened when first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.home import Home
from yaodun.settings import Settings, read_settings

if TYPE_CHECKING:
    from collectors.fleet.fleet import Fleet
    from collectors.sensing.register import DeviceRegister
    from infra.records import Records
    from infra.register import Register
    from infra.register.zones import Zones
    from infra.store.seams import EventStore
    from trust.access import Access
    from trust.identity import Identity
    from trust.identity.tokens import Tokens


@dataclass
class Site:
    """One site. Heavy rooms are imported only by the service that asks for them."""

    home: Home
    settings: Settings
    clock: Clock = field(default_factory=SystemClock)

    @cached_property
    def records(self) -> Records:
        """The records database; its tables are made by ``yaodun up`` before any service starts."""
        from infra.records import open_records

        return open_records(self.settings.records.url or self.home.records)

    @cached_property
    def access(self) -> Access:
        """Who may do what; denials enter the ledger."""
        from trust.access import Access

        return Access(self.records, self.clock)

    @cached_property
    def identity(self) -> Identity:
        """Accounts, sessions, one-time links."""
        from trust.identity import Identity
        from trust.identity.seal import sealer_of

        sealer, settings = sealer_of(self.home.secrets / "identity.key"), self.settings.identity
        return Identity(self.records, self.access, sealer, settings=settings, clock=self.clock)

    @cached_property
    def tokens(self) -> Tokens:
        """Credentials of scripts and shippers."""
        from trust.identity.tokens import Tokens

        return Tokens(self.records, self.access, self.clock)

    @cached_property
    def register(self) -> Register:
        """Units, systems, assets."""
        from infra.register import Register

        return Register(self.records, self.access, self.clock)

    @cached_property
    def zones(self) -> Zones:
        """Network zones, the paths between them, and rules for new assets."""
        from infra.register.zones import Zones

        return Zones(self.records, self.access, self.clock)

    @cached_property
    def fleet(self) -> Fleet:
        """Agents on other hosts."""
        from collectors.fleet.authority import AgentAuthority
        from collectors.fleet.fleet import Fleet
        from collectors.sources.reporting import this_host

        authority = AgentAuthority(self.home.secrets / "agents", self.clock)
        return Fleet(self.records, self.access, authority, self.clock, taken=(this_host().name,))

    @cached_property
    def devices(self) -> DeviceRegister:
        """The register of sensing devices."""
        from collectors.sensing.register import DeviceRegister
        from trust.identity.seal import sealer_of

        return DeviceRegister(self.records, self.access, sealer_of(self.home.secrets / "devices.key"), self.clock)

    def open_store(self, *, read_only: bool) -> EventStore:
        """The event store, for the one that writes or for those that read."""
        if self.settings.store.opensearch:
            return self._open_cluster()
        from infra.store.embedded import EmbeddedStore

        return EmbeddedStore(self.home.events, self.clock, read_only=read_only)

    def _open_cluster(self) -> EventStore:
        from infra.store.opensearch.client import Address
        from infra.store.opensearch.store import OpenSearchStore

        return OpenSearchStore(Address.read(self.settings.store.opensearch, **self.cluster_files()), self.clock)

    def cluster_files(self) -> dict[str, Path]:
        """Certificates and keys for a cluster, as the settings name them."""
        chosen = self.settings.store
        return {name: Path(path) for name in ("ca", "certificate", "key") if (path := getattr(chosen, name))}


def open_site(home: Home) -> Site:
    """The site in ``home``; ``AppError`` where its settings are wrong."""
    return Site(home, read_settings(home.settings))


def existing_site(home: Home) -> Site:
    """The site in ``home``, which must have been started once."""
    if not home.run.is_dir():
        raise AppError(ErrorKind.NOT_FOUND, "yaodun.no_site", place=str(home.root))
    return open_site(home)
