"""Master data: parties, licences, products, batches, issuing authorities, workflows, entitlements, schemas, notices."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from infra.events.business.envelope import (
    Amount,
    Code,
    Count,
    Day,
    Envelope,
    Id,
    Moment,
    Part,
    Place,
    Region,
    Short,
    Text,
    says,
)


class Role(StrEnum):
    """What a party does in the chain."""

    HOLDER = "holder"
    MANUFACTURER = "manufacturer"
    DISTRIBUTOR = "distributor"
    LOGISTICS = "logistics"
    PHARMACY = "pharmacy"
    HOSPITAL = "hospital"
    VACCINATION = "vaccination"
    ONLINE = "online"
    LABORATORY = "laboratory"
    REGULATOR = "regulator"


class Party(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A party as it is from `time` on; the later event of the same party replaces the earlier."""

    party: Annotated[Id, says("party")]
    role: Annotated[Role, says("what it does; `logistics` keeps and moves goods of others (third party)")]
    name: Annotated[Text, says("name")] = ""
    uscc: Annotated[Short | None, says("unified social credit code, 18 characters")] = None
    place: Annotated[Place | None, says("registered address; `checked` says whether it can be trusted")] = None
    checked: Annotated[bool, says("false where the address has not been verified")] = True
    platform: Annotated[str, says("trace platform it reports to; anything but `central` is not seen here")] = "central"
    closed: Annotated[bool, says("true where it ceased business at `time`")] = False


class LicenceStatus(StrEnum):
    """State of a licence from `time` on."""

    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


class Register(StrEnum):
    """Whose register says so."""

    PROVINCE = "province"
    CENTRE = "centre"


class Licence(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A licence as one register has it from `time` on; a renewal repeats the number with new dates or scope."""

    number: Annotated[Id, says("licence number")]
    party: Annotated[Id, says("party that holds it")]
    licence_type: Annotated[Id, says("`production`, `distribution`, `retail` or `practice` (hospital)")]
    scope: Annotated[tuple[Id, ...], says("product classes allowed (`product.product_class`)")]
    valid_from: Annotated[Day, says("first day")]
    valid_to: Annotated[Day, says("last day (included)")]
    status: Annotated[LicenceStatus, says("state")] = LicenceStatus.VALID
    register: Annotated[Register, says("register that reports; a province is ahead of the centre")] = Register.CENTRE
    synced: Annotated[
        Moment | None, says("when the centre's register took it over; absent: not yet (register `province`)")
    ] = None


class Scheme(StrEnum):
    """Family of codes a product carries."""

    TRACE20 = "trace20"
    GS1 = "gs1"
    OWN = "own"


class Product(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A product (品种) as it is from `time` on."""

    product: Annotated[Id, says("product")]
    name: Annotated[Text, says("name")]
    product_class: Annotated[
        Id,
        says("`chemical`, `tcm`, `biological`, `vaccine`, `blood`, `narcotic`, `psychotropic`, `device` ..."),
    ]
    holder: Annotated[Id, says("party that holds the marketing authorisation")]
    scheme: Annotated[Scheme, says("family of its codes: 20 digits, GS1 element string, or the holder's own")] = (
        Scheme.TRACE20
    )
    prefixes: Annotated[tuple[Code, ...], says("known first seven digits of its codes, one a packaging level")] = ()
    gtins: Annotated[tuple[Code, ...], says("GTIN-14 of its packaging levels (scheme `gs1`)")] = ()
    own_pattern: Annotated[Short | None, says("regular expression of its codes (scheme `own`)")] = None
    national_code: Annotated[Short | None, says("药品本位码, 14 digits beginning with 869")] = None
    special: Annotated[bool, says("true for special drugs (特药, physicType 2): quotas apply")] = False
    each_per_box: Annotated[int, says("smallest units in a full box", ge=1)] = 1
    box_per_case: Annotated[int, says("boxes in a full case", ge=1)] = 1
    temperature_min: Annotated[float | None, says("lowest storage temperature, degrees Celsius")] = None
    temperature_max: Annotated[float | None, says("highest storage temperature, degrees Celsius")] = None


class Batch(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A batch as its holder reports it."""

    product: Annotated[Id, says("product")]
    batch: Annotated[Id, says("batch number")]
    produced: Annotated[Day, says("production date")]
    expiry: Annotated[Day, says("last day of use")]
    made: Annotated[Amount | None, says("smallest units made; absent: not known (no balance can be drawn)")] = None
    release_required: Annotated[bool, says("true where no sale may precede the lot release (批签发)")] = False
    released: Annotated[Moment | None, says("when the lot was released; absent: not yet")] = None


class Authority(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An authority that issues licences: what it may issue, when it works. The later event replaces the earlier."""

    issuer: Annotated[str, says("unified social credit code, 18 characters", min_length=18, max_length=18)]
    licence_types: Annotated[tuple[Id, ...], says("type codes (21 characters) it may issue")]
    name: Annotated[Text, says("name")] = ""
    regions: Annotated[tuple[Region, ...], says("provinces whose holders it may serve; empty: all")] = ()
    opens: Annotated[str, says("start of office hours, local `HH:MM`", max_length=5)] = "08:30"
    closes: Annotated[str, says("end of office hours, local `HH:MM`", max_length=5)] = "17:30"


class Edge(Part, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One allowed step of a workflow."""

    before: Annotated[Id, says("stage; `start` for the beginning")]
    after: Annotated[Id, says("stage that may follow; `end` for the end")]
    lane: Annotated[Id | None, says("lane where it is allowed; absent: in every lane")] = None


class Workflow(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How cases of one kind must run."""

    workflow: Annotated[Id, says("workflow")]
    edges: Annotated[tuple[Edge, ...], says("which stage may follow which")]
    limits: Annotated[dict[str, float], says("statutory hours per stage, by the calendar; `total` for the case")] = {}
    separate: Annotated[
        tuple[tuple[str, str], ...], says("pairs of stages that one person may not do both in one case")
    ] = ()
    lanes: Annotated[tuple[Id, ...], says("lanes; the first is the usual one")] = ("normal", "urgent")


class Entitlement(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an account or partner may take out of a dataset, from `time` on."""

    user: Annotated[Id, says("account")]
    dataset: Annotated[Id, says("dataset")]
    purposes: Annotated[tuple[Id, ...], says("purposes it may state")]
    daily_records: Annotated[Count | None, says("records a day in the contract; absent: no figure agreed")] = None
    until: Annotated[Moment | None, says("end of the entitlement")] = None


class Column(Part, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One column of an agreed schema."""

    name: Annotated[Id, says("name")]
    type: Annotated[str, says("`text`, `integer`, `number`, `date` or `code`", max_length=20)]
    required: Annotated[bool, says("whether null is forbidden")] = False
    values: Annotated[tuple[str, ...], says("the allowed values of a `code`")] = ()


class Schema(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An agreed schema of a dataset, in force from `time` on."""

    dataset: Annotated[Id, says("dataset")]
    version: Annotated[Id, says("version")]
    columns: Annotated[tuple[Column, ...], says("columns")]


class NoticeType(StrEnum):
    """What is announced or known."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"
    MAINTENANCE = "maintenance"
    OUTAGE = "outage"
    SCHEMA_SWITCH = "schema_switch"
    TENDER = "tender"
    CUSTOMER_FILING = "customer_filing"
    SCHEDULED_BATCH = "scheduled_batch"
    ANNUAL_RENEWAL = "annual_renewal"
    MONTH_END_REPORT = "month_end_report"
    STOCKTAKE = "stocktake"
    EPIDEMIC = "epidemic"
    URGENT_REVIEW = "urgent_review"
    OTHER = "other"


class Notice(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Something known that explains a deviation; it says what, for whom, from when to when."""

    notice_type: Annotated[NoticeType, says("what")]
    begins: Annotated[Moment, says("start (included)")]
    ends: Annotated[Moment, says("end (excluded)")]
    scope_kind: Annotated[
        str,
        says(
            "`all`, `province`, `feed`, `party`, `product`, `product_province` (`product/province`), "
            "`lane` (`from>to`), `issuer`, `user`, `dataset`, `workflow`, `system`",
            max_length=20,
        ),
    ] = "all"
    scope: Annotated[tuple[Id, ...], says("the values it holds for; empty with `all`")] = ()
    text: Annotated[Text, says("words")] = ""
