"""Offices: e-licences, data exchange, approvals, accounts, documents, devices, projects."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from infra.events.business.envelope import (
    Amount,
    Count,
    Day,
    Degree,
    Envelope,
    Id,
    Moment,
    Place,
    Region,
    Short,
    says,
)


class LicenceAction(StrEnum):
    """What was done with an e-licence."""

    ISSUE = "issue"
    REISSUE = "reissue"
    RENEW = "renew"
    SUSPEND = "suspend"
    REVOKE = "revoke"
    VERIFY = "verify"


class ELicence(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One operation on one e-licence."""

    action: Annotated[LicenceAction, says("what was done")]
    number: Annotated[
        Id, says("identifier `1.2.156.3005.2.<type 21>.<issuer 18>.<serial>.<version 3>.<check>`, or a legacy number")
    ]
    licence_type: Annotated[Id, says("type code, 21 characters")]
    issuer: Annotated[Id, says("authority, unified social credit code (`authority.issuer`)")]
    legacy: Annotated[bool, says("true where the number is of the scheme before GB/T 36904: not checkable")] = False
    holder: Annotated[Id | None, says("party or person the licence is for")] = None
    holder_province: Annotated[Region | None, says("province of the holder")] = None
    operator: Annotated[Id | None, says("account that did it; for `issue` the approver")] = None
    applicant: Annotated[Id | None, says("account that applied")] = None
    case: Annotated[Id | None, says("approval case behind it; absent for `verify`")] = None
    version: Annotated[int, says("version of the licence, growing by one with each renewal", ge=1)] = 1
    signer: Annotated[Id | None, says("serial number of the certificate that signed")] = None
    signer_from: Annotated[Moment | None, says("start of validity of that certificate")] = None
    signer_to: Annotated[Moment | None, says("end of validity of that certificate")] = None
    signed: Annotated[Moment | None, says("time inside the signature; absent: `time`")] = None
    dated: Annotated[Day | None, says("date printed on the licence")] = None
    result: Annotated[Short | None, says("for `verify`: `ok`, `unknown`, `revoked`, `expired`, `forged`")] = None
    hash: Annotated[Short | None, says("digest of the licence file")] = None


class Manifest(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A province says what it sent (数据交换清单)."""

    manifest: Annotated[Id, says("identity of the transmission; retries keep it")]
    dataset: Annotated[Id, says("dataset")]
    records: Annotated[int, says("records sent", ge=0)]
    hash: Annotated[str, says("digest over all records, hexadecimal", max_length=128)]
    sender: Annotated[Id, says("node that sends")] = ""
    receiver: Annotated[Id, says("node that gets")] = "centre"
    schema_version: Annotated[Id | None, says("schema of the records")] = None
    volume: Annotated[Count | None, says("bytes sent")] = None
    attempt: Annotated[int, says("1 for the first try; a retry counts on", ge=1)] = 1


class Receipt(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """The receiver says what arrived (回执)."""

    manifest: Annotated[Id, says("transmission it answers")]
    dataset: Annotated[Id, says("dataset")]
    accepted: Annotated[int, says("records stored", ge=0)]
    rejected: Annotated[int, says("records refused by checks", ge=0)] = 0
    hash: Annotated[Short | None, says("digest over all records received, hexadecimal")] = None
    status: Annotated[str, says("`complete`, `partial` (a retry follows) or `failed` (a retry follows)")] = "complete"
    attempt: Annotated[int, says("attempt it answers", ge=1)] = 1


class Heartbeat(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A feed is alive. `feed` and `province` say which."""

    interval_s: Annotated[float, says("agreed seconds between two heartbeats", gt=0)]
    queued: Annotated[Count | None, says("records waiting at the sender")] = None


class Sample(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Some records of a transmission as they came, for checks of quality. `feed` says which feed."""

    dataset: Annotated[Id, says("dataset")]
    schema_version: Annotated[Id, says("schema the sender names")]
    rows: Annotated[
        tuple[dict[str, str | float | int | bool | None], ...],
        says("records, column to value; absent is null"),
    ]
    manifest: Annotated[Id | None, says("transmission they belong to")] = None


class Export(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Somebody took data out."""

    user: Annotated[Id, says("account")]
    dataset: Annotated[Id, says("dataset")]
    records: Annotated[int, says("records taken", ge=0)]
    volume: Annotated[Count | None, says("bytes taken")] = None
    purpose: Annotated[Id | None, says("purpose stated")] = None
    case: Annotated[Id | None, says("case or order behind it")] = None
    destination: Annotated[Short | None, says("where to: `desktop`, `partner`, `api`, a node")] = None
    address: Annotated[Short | None, says("IP address")] = None
    masked: Annotated[bool, says("whether personal data was masked")] = True


class Step(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One stage of an approval case was finished; `time` is its end."""

    workflow: Annotated[Id, says("workflow (`workflow.workflow`)")]
    case: Annotated[Id, says("case")]
    stage: Annotated[Id, says("stage that was finished")]
    actor: Annotated[Id, says("account that did it")]
    lane: Annotated[Id, says("lane of the case at this stage")] = "normal"
    began: Annotated[Moment | None, says("when the stage began; absent: with the end of the one before")] = None
    outcome: Annotated[str, says("`passed`, `rejected`, `returned` (to the applicant)", max_length=20)] = "passed"
    actor_role: Annotated[Id | None, says("role of the account")] = None
    applicant: Annotated[Id | None, says("account that applied")] = None
    paused_h: Annotated[float, says("hours of the stage that do not count (waiting for the applicant)")] = 0.0
    last: Annotated[bool, says("true where the case ends with this stage")] = False


class Access(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An account did something in a portal or system."""

    action: Annotated[
        str,
        says(
            "`login`, `logout`, `sso`, `grant`, `withdraw`, `create`, `disable`, `reset`, `view`, `download`, "
            "`change`, `audit_export`",
            max_length=30,
        ),
    ]
    account: Annotated[Id, says("account that acts")]
    outcome: Annotated[str, says("`success` or `failure`")] = "success"
    method: Annotated[Short | None, says("`password`, `otp`, `certificate`")] = None
    person: Annotated[Id | None, says("person behind the account")] = None
    subject: Annotated[Id | None, says("account, object or record acted upon")] = None
    role: Annotated[Id | None, says("role granted or withdrawn")] = None
    target: Annotated[Id | None, says("system entered by SSO, or its record number")] = None
    case: Annotated[Id | None, says("case that calls for it")] = None
    records: Annotated[Count | None, says("records touched")] = None
    address: Annotated[Short | None, says("IP address")] = None
    place: Annotated[Place | None, says("where")] = None


class CheckIn(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A mobile device reported to the mobile application management."""

    device: Annotated[Id, says("device")]
    user: Annotated[Id | None, says("account")] = None
    os: Annotated[Short | None, says("operating system and version")] = None
    app: Annotated[Id | None, says("application")] = None
    app_version: Annotated[Short | None, says("version")] = None
    app_signer: Annotated[Short | None, says("digest of the certificate that signed the application")] = None
    rooted: Annotated[bool, says("rooted or jailbroken")] = False
    in_fence: Annotated[bool, says("inside the area agreed for it")] = True
    copied_out: Annotated[int, says("documents copied out of the container since the last report", ge=0)] = 0
    place: Annotated[Place | None, says("where")] = None


class Document(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something happened to a document or dossier (standards, product dossiers, contracts)."""

    action: Annotated[str, says("`publish`, `replace`, `edit`, `view`, `download`, `withdraw`", max_length=20)]
    document: Annotated[Id, says("document or dossier")]
    actor: Annotated[Id, says("account")]
    version: Annotated[Short | None, says("version afterwards")] = None
    hash: Annotated[Short | None, says("digest afterwards")] = None
    owner: Annotated[Id | None, says("account or unit that owns it")] = None
    field: Annotated[Short | None, says("field edited")] = None
    secret: Annotated[bool, says("true where it is a commercial secret")] = False


class Milestone(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A project reached, missed or moved a milestone."""

    project: Annotated[Id, says("project")]
    milestone: Annotated[Id, says("milestone; `go_live` is the one that needs record and grading")]
    due: Annotated[Day, says("due date")]
    done: Annotated[Day | None, says("date reached; absent: not yet")] = None
    record_number: Annotated[Short | None, says("number of the unified record filing")] = None
    graded: Annotated[Degree | None, says("protection level; absent: not graded")] = None
    spent_share: Annotated[Amount | None, says("share of the budget spent")] = None


class Metric(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A number a system reports about itself."""

    name: Annotated[Id, says("name")]
    value: Annotated[float, says("value in `unit`")]
    unit: Annotated[str, says("unit", max_length=20)] = "1"
    window_s: Annotated[Amount | None, says("seconds it covers")] = None
    about: Annotated[Id | None, says("node, tenant, link or feed it is about")] = None
