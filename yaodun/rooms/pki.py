"""The trust pages' room over the signer, the trust list and the verifier."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from dashboards.rooms.pki import Asked, ListView, Row, Standing
from infra.errors import AppError, ErrorKind
from infra.web.seams import Actor
from trust.approval.approvals import plain
from trust.approval.matter import MatterState
from trust.approval.statement import Decision
from trust.signer.api import octets_of
from trust.trustlist.api import VerifyForm, entry_of, plain_draft, plain_entry, request_of
from trust.trustlist.entry import Purpose
from yaodun.rooms.trust import TrustRooms


class PkiRoom:
    """Implements ``dashboards.rooms.pki.Pki``."""

    def __init__(self, rooms: TrustRooms) -> None:
        self._rooms, self._access, self._clock = rooms, rooms.site.access, rooms.site.clock

    def standing(self) -> Standing:
        """Everything at this moment; a signer that does not run is a state, no error."""
        ask = self._rooms.ask
        lists = tuple(self._rooms.status.all())
        try:
            status = ask("status")
            custody = [key["custody"] for key in status["keys"]]
            return Standing(
                running=True,
                initialised=status["initialised"],
                sealed=status["sealed"],
                shares_needed=status["shares_needed"],
                software_keys=custody.count("software"),
                token_keys=custody.count("token"),
                authorities=tuple(_moments(ask("authorities"))),
                profiles=tuple(row for row in ask("profiles") if not row["ca"]),
                approvers=tuple(row for row in ask("approvers") if row["active"]),
                lists=lists,
                heat=ask("expiry"),
            )
        except AppError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
            return Standing(running=False, lists=lists)

    def requests(self) -> Sequence[Row]:
        """All requests, the newest first."""
        return self._or_nothing(lambda: list(reversed(_moments(self._rooms.ask("requests")))))

    def checks(self, request: str) -> Sequence[Row]:
        """What lint says of the certificate a request would become."""
        found: Sequence[Row] = self._rooms.ask("examine", request=request)
        return found

    def certificates(self, text: str, authority: str) -> tuple[int, Sequence[Row]]:
        """How many there are, and those that end first."""
        found = self._or_nothing(lambda: [self._rooms.ask("certificates", text=text, authority=authority, limit=100)])
        return (found[0]["total"], _moments(found[0]["items"])) if found else (0, ())

    def matters(self) -> Sequence[Row]:
        """What else waits for approval."""
        return [{**plain(one), "expires": one.expires} for one in self._rooms.approvals.all(MatterState.WAITING)]

    def submit(self, actor: Actor, form: Row) -> Row:
        """File a request."""
        self._access.demand(actor, "trust.request", f"profile:{form['profile']}")
        names = tuple(str(form.get("names", "")).replace(",", " ").split())
        return self._did(
            "submit",
            csr=octets_of(str(form["csr"])),
            authority=form["authority"],
            profile=form["profile"],
            asker=actor.name,
            subject=str(form.get("subject", "")).strip(),
            names=names,
        )

    def issue(self, actor: Actor, request: str) -> Row:
        """Issue an approved one."""
        self._access.demand(actor, "trust.issue", f"request:{request}")
        return self._did("issue", request=request, actor=actor.name)

    def revoke(self, actor: Actor, authority: str, serial: str, reason: str) -> Row:
        """Take a certificate back; its list is published at once."""
        self._access.demand(actor, "trust.revoke", f"certificate:{serial}")
        return self._did("revoke", authority=authority, serial=serial, reason=reason, actor=actor.name)

    def renew(self, actor: Actor, authority: str, serial: str) -> Row:
        """File the request that replaces a certificate."""
        self._access.demand(actor, "trust.request", f"certificate:{serial}")
        return self._did("renew", authority=authority, serial=serial, asker=actor.name)

    def voice(self, actor: Actor, matter: str, approve: bool) -> Row:
        """Say yes or no where no signature is asked for."""
        return plain(self._rooms.approvals.say(actor, matter, Decision.APPROVE if approve else Decision.REFUSE))

    def listed(self, version: int | None) -> ListView:
        """A version of the trust list, the newest by default."""
        history = self._rooms.lists.history()
        found = next((one for one in history.versions if one.version == version), history.latest)
        if found is None:
            return ListView(version=None)
        return ListView(
            version=found.version,
            issued=found.issued,
            next_update=found.next_update,
            sha256=found.sha256,
            threshold=found.threshold,
            publishers=tuple(one.name for one in found.publishers),
            entries=tuple(plain_entry(entry) for entry in found.entries),
            versions=tuple(one.version for one in reversed(history.versions)),
            drafts=tuple(plain_draft(one) for one in self._rooms.drafts.open()),
        )

    def propose(self, actor: Actor, changes: Sequence[Row], added: Sequence[Row], removed: Sequence[str]) -> Row:
        """A draft of the next version."""
        self._access.demand(actor, "trust.list", "trustlist")
        made = self._rooms.drafts.propose(
            actor, [dict(row) for row in changes], [entry_of(dict(row)) for row in added], tuple(removed)
        )
        return plain_draft(made)

    def drop(self, actor: Actor, draft: str) -> None:
        """Give a draft up."""
        self._access.demand(actor, "trust.list", f"draft:{draft}")
        self._rooms.drafts.drop(actor, draft)

    def verify(self, actor: Actor, asked: Asked) -> Row:
        """The verdict about what somebody brought, by the trust list."""
        self._access.demand(actor, "trust.verify", "verdict")
        form = VerifyForm(
            documents=[asked.object],
            content=base64.b64encode(asked.content.encode()).decode() if asked.content else None,
            at=asked.at.isoformat() if asked.at else None,
            name=asked.name or None,
            purpose=Purpose(asked.purpose) if asked.purpose else None,
        )
        return self._rooms.verifier.verify(request_of(form, self._clock.now())).plain()

    def _did(self, operation: str, **arguments: Any) -> Row:
        done: Row = self._rooms.ask(operation, **arguments)
        return done

    @staticmethod
    def _or_nothing(look: Callable[[], list[Any]]) -> list[Any]:
        try:
            return look()
        except AppError as error:
            if error.kind is not ErrorKind.UNAVAILABLE:
                raise
            return []


_TIMES = ("not_before", "not_after", "issued", "revoked", "created")


def _moments(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with their moments read: the signer's answers are JSON."""
    return [
        {
            key: datetime.fromisoformat(value) if key in _TIMES and isinstance(value, str) else value
            for key, value in row.items()
        }
        for row in rows
    ]
