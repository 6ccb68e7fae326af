"""E-licences: forged numbers (B21), issue without authority (B22), bursts, cycles and lapsed signatures (B23)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from analytics.business.calendar import DAY_MS, HOUR_MS, local_day, local_minute, local_text
from analytics.business.desk import Desk
from analytics.business.episodes import episodes
from analytics.business.finding import Finding, finding
from analytics.business.tails import poisson_at_least
from infra import checkdigits
from infra.events.business import Authority, ELicence, LicenceAction, NoticeType

_KNOWN_HABIT = 5
"""Where so many issues and more never name a case, the exporter has no such field."""
ROOT = "1.2.156.3005.2."
_ISSUING = frozenset({LicenceAction.ISSUE, LicenceAction.REISSUE, LicenceAction.RENEW})


def _ms(event: ELicence) -> float:
    return event.time.timestamp() * 1000


def forged(desk: Desk) -> Iterator[Finding]:
    """B21: the number does not add up, contradicts its fields, or its version goes back."""
    known_types = {kind for authority in _authorities(desk) for kind in authority.licence_types}
    issuers = {authority.issuer for authority in _authorities(desk)}
    told: set[str] = set()
    newest: dict[str, int] = {}
    for event in desk.book.of(ELicence):
        if event.legacy:
            continue
        fault = _fault(event, known_types, issuers) or _version_fault(event, newest)
        if fault and event.number not in told:
            told.add(event.number)
            yield finding(
                "B21", "licence", event.number, (_ms(event), _ms(event)), [event.id], 0.97, f"forged_{fault}",
                "licence", number=event.number,
            )  # fmt: skip


def _authorities(desk: Desk) -> Iterator[Authority]:
    authorities = desk.book.masters.authorities
    for issuer in authorities.keys():  # noqa: SIM118
        yield from authorities.versions(issuer)


def _fault(event: ELicence, known_types: set[str], issuers: set[str]) -> str:
    parts = event.number[len(ROOT) :].upper().split(".") if event.number.startswith(ROOT) else []
    if len(parts) != 5 or not all(parts):
        return "shape"
    kind, issuer, serial, version, check = parts
    try:
        if checkdigits.mod_37_36(kind + issuer + serial + version) != check:
            return "check"
    except ValueError:
        return "check"
    if issuer != event.issuer.upper() or kind != event.licence_type.upper():
        return "contradicts"
    if (issuers and event.issuer not in issuers) or (known_types and event.licence_type not in known_types):
        return "unknown"
    return "contradicts" if version.isdigit() and int(version) != event.version and event.version != 1 else ""


def _version_fault(event: ELicence, newest: dict[str, int]) -> str:
    """Only what is issued can go back; a check of an older licence is no fault."""
    stem, _, tail = event.number.rpartition(".")
    base, _, version = stem.rpartition(".")
    del tail
    if event.action not in _ISSUING or not version.isdigit():
        return ""
    before, number = newest.get(base), int(version)
    newest[base] = max(number, before or 0)
    return "back" if before is not None and number < before else ""


def out_of_authority(desk: Desk) -> Iterator[Finding]:
    """B22: by whom, for whom, when and on which case an e-licence was issued."""
    issued = [event for event in desk.book.of(ELicence) if event.action in _ISSUING]
    told = len(issued) < _KNOWN_HABIT or any(event.case for event in issued)
    for event in issued:
        fault = _authority_fault(desk, event, told)
        if fault:
            yield finding(
                "B22", "licence", event.number, (_ms(event), _ms(event)), [event.id], 0.93, f"issued_{fault}",
                "licence", number=event.number, when=local_text(_ms(event)), operator=event.operator or "?",
            )  # fmt: skip


def _authority_fault(desk: Desk, event: ELicence, told: bool) -> str:
    """``told``: whether these events carry cases at all; where they never do, nothing follows from none."""
    authority = desk.book.masters.authorities.at(event.issuer, _ms(event))
    if event.operator and event.operator == event.applicant:
        return "by_applicant"
    if told and not event.case:
        return "without_case"
    if authority is None:
        return ""
    if authority.licence_types and event.licence_type not in authority.licence_types:
        return "wrong_type"
    if authority.regions and event.holder_province and event.holder_province not in authority.regions:
        return "wrong_region"
    return "off_hours" if _off_hours(desk, event, authority) else ""


def _off_hours(desk: Desk, event: ELicence, authority: Authority) -> bool:
    moment = round(_ms(event))
    scopes = {"issuer": event.issuer, "system": "licence", "province": event.province or ""}
    if desk.book.calendar.told((NoticeType.SCHEDULED_BATCH,), moment, moment, scopes, HOUR_MS // 6):
        return False
    if not desk.book.calendar.works(local_day(moment)):
        return True
    minute = local_minute(moment)
    return not _minutes(authority.opens) - 10 <= minute <= _minutes(authority.closes) + 10


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours or 0) * 60 + int(minutes or 0)


def misused(desk: Desk) -> Iterator[Finding]:
    """B23: a burst of issues, revoke and reissue again and again, a certificate that was not valid when it signed."""
    yield from _lapsed_signers(desk)
    yield from _cycles(desk)
    yield from _bursts(desk)


def _lapsed_signers(desk: Desk) -> Iterator[Finding]:
    for event in desk.book.of(ELicence):
        signed = event.signed or event.time
        early = event.signer_from is not None and signed < event.signer_from
        late = event.signer_to is not None and signed > event.signer_to
        if (early or late) and event.action is not LicenceAction.VERIFY:
            yield finding(
                "B23", "licence", event.number, (_ms(event), _ms(event)), [event.id], 0.95, "signer_lapsed",
                "licence", number=event.number, signer=event.signer or "?",
            )  # fmt: skip


def _stem(number: str) -> str:
    """Number without version and check; a legacy number as it is."""
    return number.rsplit(".", 2)[0] if number.startswith(ROOT) else number


def _cycles(desk: Desk) -> Iterator[Finding]:
    limits = desk.limits["burst"]
    by_number: defaultdict[str, list[ELicence]] = defaultdict(list)
    for event in desk.book.of(ELicence):
        if event.action in (LicenceAction.REVOKE, LicenceAction.REISSUE, LicenceAction.ISSUE):
            by_number[_stem(event.number)].append(event)
    for stem, events in by_number.items():
        revoked = [event for event in events if event.action is LicenceAction.REVOKE]
        again = [event for event in events if revoked and event.time > revoked[0].time]
        reissued = sum(event.action is not LicenceAction.REVOKE for event in again)
        if min(len(revoked), reissued) >= limits["cycles"]:
            span = (_ms(events[0]), _ms(events[-1]))
            yield finding(
                "B23", "licence", stem, span, [event.id for event in events], 0.92, "cycle",
                "licence", number=stem, times=len(revoked),
            )  # fmt: skip


def _bursts(desk: Desk) -> Iterator[Finding]:
    limits, calendar = desk.limits["burst"], desk.book.calendar
    by_issuer: defaultdict[str, list[ELicence]] = defaultdict(list)
    for event in desk.book.of(ELicence):
        if event.action in _ISSUING:
            by_issuer[event.issuer].append(event)
    told = (NoticeType.ANNUAL_RENEWAL, NoticeType.SCHEDULED_BATCH)
    for issuer, events in by_issuer.items():
        times = [_ms(event) for event in events]
        days = _per_day(times)
        ordinary = sorted(days.values())[len(days) // 2] if days else 0
        usual = max(ordinary, sum(sorted(days.values())[: max(1, len(days) * 9 // 10)]) / max(1, len(days) * 9 // 10))
        bad = [day for day, many in days.items() if many >= limits["least"] and many > 3 * usual
               and poisson_at_least(many, usual + 1) < limits["p"]]  # fmt: skip
        moments = [day * DAY_MS for day in bad]
        for group in episodes(list(range(len(bad))), moments, 1.5 * DAY_MS):
            wanted = {bad[place] for place in group}
            chosen = [event for event in events if local_day(round(_ms(event))) in wanted]
            span = (_ms(chosen[0]), _ms(chosen[-1]))
            if not calendar.told(told, round(span[0]), round(span[1]), {"issuer": issuer, "system": "licence"}):
                yield finding(
                    "B23", "issuer", issuer, span, [event.id for event in chosen], 0.9, "burst",
                    "licence", issuer=issuer, many=len(chosen), usual=f"{usual:.1f}",
                )  # fmt: skip


def _per_day(times: list[float]) -> dict[int, int]:
    """Issues by local day."""
    days: defaultdict[int, int] = defaultdict(int)
    for time in times:
        days[local_day(round(time))] += 1
    return dict(days)


DETECTORS = (forged, out_of_authority, misused)
