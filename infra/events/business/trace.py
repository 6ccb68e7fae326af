"""Traceability (追溯): bills that move codes, packing, scans, recalls, readings of the cold chain, quotas."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from infra.events.business.envelope import Code, Day, Envelope, Id, Moment, Part, Place, Region, Short, Text, says


class Measure(StrEnum):
    """Packaging level that a quantity counts; the second digit of a 20-digit code: 1 each, 2 box, 3 case."""

    EACH = "each"
    BOX = "box"
    CASE = "case"


class Bill(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One line of a bill (单据) by which one party reports that its stock grew or shrank."""

    bill: Annotated[Id, says("number of the bill, unique within `party`; a retry repeats it")]
    bill_type: Annotated[str, says("code of the bill type, see the table of bill types", pattern=r"^\d{3}$")]
    party: Annotated[Id, says("party that uploads the bill and whose stock changes")]
    product: Annotated[Id, says("product (`product.product`)")]
    batch: Annotated[Id, says("batch number, unique within the product")]
    quantity: Annotated[float, says("how many, in `measure`", ge=0)]
    line: Annotated[int, says("line of the bill; (party, bill, line) is the document line", ge=1)] = 1
    measure: Annotated[Measure, says("packaging level that `quantity` counts")] = Measure.EACH
    from_party: Annotated[Id | None, says("who gives the goods; absent for production and for consumers")] = None
    to_party: Annotated[Id | None, says("who gets the goods; absent for consumers and destruction")] = None
    codes: Annotated[
        tuple[Code, ...], says("codes handled; a code of a box or case stands for all it holds at that time")
    ] = ()
    produced: Annotated[Day | None, says("production date of the batch")] = None
    expiry: Annotated[Day | None, says("last day of use")] = None
    place: Annotated[Place | None, says("where the goods were handled")] = None
    operator: Annotated[Id | None, says("person who handled the bill")] = None
    attempt: Annotated[int, says("1 for the first upload of the bill, 2 for the first retry ...", ge=1)] = 1
    reason: Annotated[Text | None, says("why, for returns, destruction, shortage")] = None
    refers_to: Annotated[Id | None, says("earlier bill that this one returns, cancels or answers")] = None
    partial: Annotated[bool, says("true where the uploader announced that further codes of the bill follow")] = False


class PackAction(StrEnum):
    """What happens between parent and children."""

    PACK = "pack"
    UNPACK = "unpack"


class Pack(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Aggregation: children put into a parent (box or case), or taken out of it."""

    action: Annotated[PackAction, says("`pack` children into the parent, `unpack` them from it")]
    party: Annotated[Id, says("party that packs or unpacks")]
    parent: Annotated[Code, says("code of the box or case")]
    children: Annotated[tuple[Code, ...], says("codes packed or unpacked; empty with `unpack`: all of them")] = ()
    product: Annotated[Id | None, says("product")] = None
    batch: Annotated[Id | None, says("batch")] = None
    place: Annotated[Place | None, says("where")] = None
    operator: Annotated[Id | None, says("person")] = None


class Scan(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A query of one code by the public, an inspector, an insurer or a program."""

    code: Annotated[Code, says("the code as it was entered")]
    requester: Annotated[Id, says("anonymous identity of who asks: device, account or program")]
    channel: Annotated[str, says("`app`, `web`, `insurer`, `inspection` or `api`", max_length=20)] = "app"
    found: Annotated[bool, says("whether the system knew the code")] = True
    product: Annotated[Id | None, says("product of the code, where found")] = None
    address: Annotated[Short | None, says("IP address of the requester")] = None
    place: Annotated[Place | None, says("where the requester was")] = None


class Recall(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A recall notice (召回): from `effective` on these batches go back only."""

    notice: Annotated[Id, says("number of the notice")]
    product: Annotated[Id, says("product")]
    batches: Annotated[tuple[Id, ...], says("batch numbers; empty: all batches of the product")]
    effective: Annotated[Moment, says("from when on the goods must stop")]
    grade: Annotated[int, says("grade of the recall, 1 (gravest) to 3", ge=1, le=3)] = 2
    party: Annotated[Id | None, says("party that recalls")] = None
    halt_hours: Annotated[float, says("hours granted until every party must have stopped", ge=0)] = 24.0
    withdrawn: Annotated[bool, says("true where this event lifts the recall")] = False


class Sensor(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A reading of the cold chain (EPCIS `sensorReport`)."""

    sensor: Annotated[Id, says("sensing device")]
    value: Annotated[float, says("reading in `unit`")]
    quantity_kind: Annotated[str, says("`temperature`, `humidity` or `door` (0 closed, 1 open)", max_length=20)] = (
        "temperature"
    )
    unit: Annotated[str, says("`CEL` degrees Celsius, `P1` percent, `1` none (UN/CEFACT)", max_length=8)] = "CEL"
    party: Annotated[Id | None, says("party that holds the goods")] = None
    product: Annotated[Id | None, says("product under the sensor; its limits are in `product`")] = None
    batch: Annotated[Id | None, says("batch under the sensor")] = None
    bill: Annotated[Id | None, says("bill of the shipment, where it travels")] = None
    place: Annotated[Place | None, says("where")] = None


class Quota(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How much of a special drug (特药) a party may take in during a period."""

    party: Annotated[Id, says("party")]
    product: Annotated[Id, says("product")]
    amount: Annotated[float, says("allowed intake in the period, in smallest units", ge=0)]
    period_from: Annotated[Moment, says("start of the period")]
    period_to: Annotated[Moment, says("end of the period (exclusive)")]
    replaces: Annotated[bool, says("true where it replaces the earlier quota of the same period (a raise)")] = False


class Corrected(Part, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """A declaration that an earlier event was wrong (EPCIS `errorDeclaration`)."""

    event: Annotated[Id, says("id of the event that was wrong")]
    reason: Annotated[Text | None, says("why")] = None


class Correction(Envelope, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Takes earlier events back."""

    wrong: Annotated[tuple[Corrected, ...], says("the events taken back")]
    party: Annotated[Id | None, says("party that corrects")] = None
    region: Annotated[Region | None, says("province that asked for it")] = None
