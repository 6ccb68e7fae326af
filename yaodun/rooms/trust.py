"""The trust room of a site as the web process has it: verifier, lists, and the way to the signer."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from fastapi import APIRouter

from trust.approval.api import approvals_router
from trust.approval.approvals import Approvals
from trust.identity.bindings import Bindings
from trust.identity.certificate_api import bindings_router, certificate_router
from trust.identity.certificate_sign_in import CertificateSignIn
from trust.signer.api import pki_router, repository_router
from trust.signer.client import ask_signer
from trust.trustlist.api import drafts_router, verify_router
from trust.trustlist.drafts import Drafts
from trust.trustlist.publish import ListStore
from trust.trustlist.status import StatusStore
from trust.trustlist.verifier import Verifier
from yaodun.site import Site
from yaodun.trust.places import socket_of


@dataclass
class TrustRooms:
    """What the web process does with trust. It holds no key: what needs one is asked of the signer."""

    site: Site

    @cached_property
    def lists(self) -> ListStore:
        """The trust list and its history."""
        return ListStore(self.site.records, self.site.clock)

    @cached_property
    def status(self) -> StatusStore:
        """Known revocation lists."""
        return StatusStore(self.site.records, self.site.clock)

    @cached_property
    def verifier(self) -> Verifier:
        """Judges by list and status."""
        return Verifier(self.lists, self.status)

    @cached_property
    def sign_in(self) -> CertificateSignIn:
        """Sign-in by certificate."""
        return CertificateSignIn(self.site.records, self.verifier, self.site.settings.identity, self.site.clock)

    @cached_property
    def drafts(self) -> Drafts:
        """The next version of the list."""
        return Drafts(self.site.records, self.lists, self.site.clock)

    @cached_property
    def approvals(self) -> Approvals:
        """What waits for approval; the signer knows whose keys count."""
        return Approvals(self.site.records, self.site.access, self.site.clock, self.approver_key)

    def approver_key(self, name: str) -> bytes | None:
        """The public key of an approver, from the signer."""
        for row in self.ask("approvers"):
            if row["name"] == name and row["active"]:
                return base64.b64decode(row["spki"])
        return None

    def ask(self, operation: str, **arguments: Any) -> Any:
        """Ask the signer."""
        return partial(ask_signer, socket_of(self.site.home))(operation, **arguments)


def trust_routers(rooms: TrustRooms, *, secure: bool) -> list[APIRouter]:
    """Every route of trust."""
    site = rooms.site
    return [
        verify_router(rooms.verifier, site.access, site.clock),
        pki_router(rooms.ask, site.access),
        drafts_router(rooms.drafts, site.access),
        approvals_router(rooms.approvals, site.access),
        certificate_router(rooms.sign_in, site.settings.identity, secure=secure),
        bindings_router(Bindings(site.records, site.access, site.clock)),
        repository_router(rooms.ask, rooms.status),
    ]
