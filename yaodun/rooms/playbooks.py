"""Playbooks on a site: the room, the engine and its actuators, put together once for runner, API and pages."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from infra.feed import publish
from infra.store.seams import EventStore
from playbooks.actions.messages import Gateway
from playbooks.actions.registry import Surroundings, actuators_of
from playbooks.actions.secrets import SecretFolder
from playbooks.engine.engine import Engine
from playbooks.room import PlaybookRoom
from trust.crypto.algorithm import load_key
from trust.identity.seal import sealer_of
from trust.validation.read import pem_blocks
from yaodun.site import Site


def folder_of(site: Site) -> Path:
    """Where actions keep what they take, and the keys that may sign."""
    return site.home.root / "playbooks"


def anchors_in(folder: Path) -> frozenset[str]:
    """Fingerprints of the keys and certificates (PEM) that may sign playbooks."""
    found = set()
    for path in sorted(folder.glob("*.pem")):
        for label, der in pem_blocks(path.read_bytes()):
            spki = _spki(der) if label == "CERTIFICATE" else der
            if load_key(spki) is not None:
                found.add(hashlib.sha256(spki).hexdigest())
    return frozenset(found)


def _spki(certificate: bytes) -> bytes:
    key = x509.load_der_x509_certificate(certificate).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def surroundings_of(site: Site) -> Surroundings:
    """What the actuators of this site need."""
    chosen, folder = site.settings.playbooks, folder_of(site)

    def tell(who: str, text: str, key: str) -> None:
        site.records.write(lambda session: publish(session, "notices", who, {"text": text[:500], "key": key}))

    def open_store() -> EventStore:
        return site.open_store(read_only=True)

    secrets = SecretFolder(folder / "secrets", sealer_of(site.home.secrets / "playbooks.key"))
    return Surroundings(
        folder, secrets=secrets, open_store=open_store, clock=site.clock, mail_server=chosen.mail_server,
        mail_sender=chosen.mail_sender, tell=tell,
        sms=Gateway(chosen.sms_gateway, chosen.sms_body, chosen.sms_secret, chosen.sms_taken),
    )  # fmt: skip


def room_of(site: Site) -> PlaybookRoom:
    """The room; a platform that runs takes signed playbooks only."""
    surroundings = surroundings_of(site)
    return PlaybookRoom(
        site.records, site.access, site.clock, signed_only=True,
        anchors=lambda: anchors_in(folder_of(site) / "keys"), actuators=lambda: actuators_of(surroundings),
    )  # fmt: skip


def engine_of(site: Site) -> Engine:
    """The engine of the runner."""
    protected = site.settings.playbooks.protected
    admit = room_of(site).admit
    return Engine(site.records, actuators_of(surroundings_of(site)), site.clock, protected=protected, admit=admit)
