"""All kinds of business events in one union, told apart by ``kind``."""

from __future__ import annotations

from infra.events.business.masters import (
    Authority,
    Batch,
    Entitlement,
    Licence,
    Notice,
    Party,
    Product,
    Schema,
    Workflow,
)
from infra.events.business.office import (
    Access,
    CheckIn,
    Document,
    ELicence,
    Export,
    Heartbeat,
    Manifest,
    Metric,
    Milestone,
    Receipt,
    Sample,
    Step,
)
from infra.events.business.trace import Bill, Correction, Pack, Quota, Recall, Scan, Sensor

BusinessEvent = (
    Party
    | Licence
    | Product
    | Batch
    | Authority
    | Workflow
    | Entitlement
    | Schema
    | Notice
    | Bill
    | Pack
    | Scan
    | Recall
    | Sensor
    | Quota
    | Correction
    | ELicence
    | Manifest
    | Receipt
    | Heartbeat
    | Sample
    | Export
    | Step
    | Access
    | CheckIn
    | Document
    | Milestone
    | Metric
)
