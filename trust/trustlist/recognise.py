"""Recognition: the list in force at a moment, as anchors with conditions for the judge.

A withdrawal in the newest list reaches back to its ``until`` whatever older lists said; everything else is judged by
the list of the moment.
"""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from datetime import timedelta
from typing import Any

import msgspec

from infra.errors import AppError, ErrorKind
from trust.crypto.curve import DEFAULT_ID
from trust.crypto.der import read_tlv
from trust.crypto.sm3 import sm3
from trust.trustlist.entry import Entry, Freshness, Mapping, SignedList, State, TrustList
from trust.trustlist.publish import History
from trust.trustlist.scope import constraints
from trust.validation.budget import Budget
from trust.validation.certificate import Certificate, read_certificate
from trust.validation.codes import Code
from trust.validation.evidence import verify
from trust.validation.request import AnchorGroup, Request, gather
from trust.validation.subtree import check_names
from trust.validation.verdict import Reason, Verdict


class _Conditions:
    """The extra rule of one entry over a path that ends in one of its anchors."""

    def __init__(self, entry: Entry, newest: TrustList, request: Request) -> None:
        self._entry, self._request = entry, request
        self._newest, self._next_update = newest.entry(entry.id), newest.next_update
        self._scope = constraints(entry.permitted, entry.excluded)

    def __call__(self, anchor: Certificate, path: list[Certificate]) -> list[Reason]:
        leaf = path[-1] if path else anchor
        reasons = [*self._states(anchor), *self._use(anchor)]
        if self._request.now > self._next_update:  # a newer list may have withdrawn the authority
            reasons.append(Reason(Code.LIST_STALE, "", self._next_update.isoformat()))
        if self._scope is not None:
            fault = check_names(leaf, self._scope, Budget())
            if fault is not None:
                reasons.append(Reason(Code.NAME_NOT_ACCEPTED, anchor.label, fault.name))
        return reasons

    def _states(self, anchor: Certificate) -> list[Reason]:
        entry, at = self._entry, self._request.at
        until = min((one.until for one in (entry, self._newest) if one and one.until), default=None)
        if until is not None and at >= until:
            return [Reason(Code.AUTHORITY_WITHDRAWN, anchor.label, until.isoformat())]
        if entry.state is State.WITHDRAWN and until is None:
            return [Reason(Code.AUTHORITY_WITHDRAWN, anchor.label)]
        if entry.state is State.SUSPENDED:
            return [Reason(Code.AUTHORITY_SUSPENDED, anchor.label)]
        return [Reason(Code.AUTHORITY_NOT_LISTED, anchor.label, entry.since.isoformat())] if at < entry.since else []

    def _use(self, anchor: Certificate) -> list[Reason]:
        entry, request = self._entry, self._request
        found = []
        if request.purpose is not None and request.purpose not in entry.usages:
            found.append(Reason(Code.USAGE_NOT_ACCEPTED, anchor.label, request.purpose))
        if entry.level < request.min_level:
            found.append(Reason(Code.LEVEL_TOO_LOW, anchor.label, str(entry.level)))
        return found


def groups(history: History, request: Request) -> tuple[AnchorGroup, ...]:
    """The anchors of the list in force at ``request.at``, one group for each entry."""
    current, newest = history.at(request.at), history.latest
    if current is None or newest is None:
        return ()
    return tuple(_group(entry, newest, request) for entry in current.entries)


def _group(entry: Entry, newest: TrustList, request: Request) -> AnchorGroup:
    return AnchorGroup(
        anchors=tuple(read_certificate(der) for der in entry.certificates),
        sm2_id=DEFAULT_ID if entry.sm2_id is None else bytes.fromhex(entry.sm2_id),
        rule=_Conditions(entry, newest, request),
        revocation=entry.revocation is Freshness.REQUIRED,
        max_age=timedelta(hours=entry.max_crl_age_h) if entry.max_crl_age_h else None,
        level=str(entry.level),
        facts=lambda chain: {"authority": entry.id, "subjects": subjects(entry.mappings, chain[0])},
        profile=entry.profile if request.profile == "path" else None,
    )


def subjects(mappings: tuple[Mapping, ...], certificate: Certificate) -> list[dict[str, str]]:
    """Who is behind the certificate: scheme and value; identity numbers of persons as SM3 hashes only."""
    found = []
    for mapping in mappings:
        for value in _values(mapping, certificate):
            hidden = mapping.scheme == "person"
            found.append({"scheme": mapping.scheme, "value": sm3(value.encode()).hex() if hidden else value})
    return found


def _values(mapping: Mapping, certificate: Certificate) -> list[str]:
    if mapping.source == "subject":
        return certificate.subject.values(mapping.oid)
    extension = certificate.extensions.get(mapping.oid)
    if extension is None:
        return []
    try:
        tag, start, stop = read_tlv(extension.value, 0, len(extension.value))
        content = extension.value[start:stop]
        return [content.decode("utf-8")] if tag in (12, 19, 22, 4) else []
    except (AppError, UnicodeDecodeError):
        return []


def recognise(history: History, request: Request) -> Verdict:
    """The verdict by the trust list, with the list in its evidence."""
    gathered = gather(request, groups(history, request))
    current = history.at(request.at)
    if current is None:
        return verify(gathered)
    return verify(gathered, _bundle(history, current))


def _bundle(history: History, current: TrustList) -> dict[str, Any]:
    documents = [msgspec.to_builtins(document) for document in history.documents()]
    return {"version": current.version, "documents": documents}


def from_bundle(kept: AnyMapping[str, Any], request: Request) -> tuple[AnchorGroup, ...]:
    """The anchors of a list kept in an evidence bundle; every link of its history is checked again."""
    try:
        signed = [msgspec.convert(document, SignedList) for document in kept["documents"]]
    except (msgspec.ValidationError, KeyError, TypeError):
        raise AppError(ErrorKind.INVALID, "trust.validation.evidence_altered") from None
    return groups(History(signed), request)
