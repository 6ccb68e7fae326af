"""What is graded: the object, what it carries and stands on, and the harm that is ticked."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class ObjectKind(StrEnum):
    """Kinds of objects GB/T 22240-2020 clause 5 tells apart."""

    INFORMATION_SYSTEM = "information_system"
    CLOUD_PLATFORM = "cloud_platform"
    CLOUD_TENANT = "cloud_tenant"
    IOT = "iot"
    MOBILE = "mobile"
    ICS = "ics"
    BIGDATA_PLATFORM = "bigdata_platform"
    BIGDATA_APPLICATION = "bigdata_application"
    DATA_RESOURCE = "data_resource"
    NETWORK = "network"


class Harmed(StrEnum):
    """The protected interest that is harmed (受侵害的客体)."""

    CITIZENS = "citizens"
    SOCIETY = "society"
    NATION = "nation"


class Degree(StrEnum):
    """How grave the harm is (侵害程度), mildest first."""

    GENERAL = "general"
    SERIOUS = "serious"
    ESPECIALLY_SERIOUS = "especially_serious"


class Tick(msgspec.Struct, frozen=True):
    """One ticked pair; ``why`` is the owner's own explanation for the report."""

    harmed: Harmed
    degree: Degree
    why: str = ""

    @property
    def code(self) -> str:
        """The code used in the filing form: C1..C3, P1..P3, N1..N3."""
        letter = {Harmed.CITIZENS: "C", Harmed.SOCIETY: "P", Harmed.NATION: "N"}[self.harmed]
        return f"{letter}{list(Degree).index(self.degree) + 1}"


class Neighbour(msgspec.Struct, frozen=True):
    """An object this one carries or stands on, with its own levels."""

    name: str
    s: int
    a: int

    @property
    def g(self) -> int:
        """Level of the neighbour."""
        return max(self.s, self.a)


class GradedObject(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An object to grade, as its owner describes it.

    ``layers`` are the parts inside its boundary (``sensing``, ``network``, ``application`` for IoT; ``field``,
    ``control``, ``process``, ``production_management`` for ICS); ``service_models`` those a cloud platform offers.
    """

    name: str
    kind: ObjectKind = ObjectKind.INFORMATION_SYSTEM
    id: str = ""
    unit: str = ""
    description: str = ""
    information: str = ""
    service: str = ""
    classified: bool = False
    s: tuple[Tick, ...] = ()
    a: tuple[Tick, ...] = ()
    declared_level: int | None = None
    carries: tuple[Neighbour, ...] = ()
    stands_on: tuple[Neighbour, ...] = ()
    service_models: tuple[str, ...] = ()
    large: bool = False
    auxiliary_services_inside: bool = False
    includes_tenant_systems: bool = False
    layers: tuple[str, ...] = ()
    mass_personal_data: bool = False
    public_service: bool = False
    data_same_owner: bool = True
    includes_data: bool = False
    provinces: int = 1
    owners: int = 1
    business_system: str = ""
