"""The register of data assets (数据资产): what is held, how it is classed and graded, who answers for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from infra.clock import Clock, SystemClock
from infra.errors import AppError, ErrorKind
from infra.feed import publish
from infra.ledger import record
from infra.records import Record, Records
from infra.register.nouns import Id, Name
from infra.text import Language, language
from infra.web.seams import Actor, Authorizer

TOPIC = "data_assets"
_Word = Annotated[str, msgspec.Meta(max_length=200)]


class Category(StrEnum):
    """What the data is about (分类)."""

    REGULATION = "regulation"
    PERSONAL = "personal"
    PERSONAL_SENSITIVE = "personal_sensitive"
    TRADE_SECRET = "trade_secret"  # noqa: S105 - a class of data
    OPERATION = "operation"
    PUBLIC = "public"


class Grade(StrEnum):
    """How grave harm to it would be (分级), gravest first: core, important, and four grades of general data as GB/T
    43697-2024 lets an owner divide it."""

    CORE = "core"
    IMPORTANT = "important"
    GENERAL_4 = "general_4"
    GENERAL_3 = "general_3"
    GENERAL_2 = "general_2"
    GENERAL_1 = "general_1"


class DataAsset(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A data asset. ``datasets`` are the names it has in exchange, export and samples (``inspection-*`` means all that
    begin so); ``places`` where it is kept (database, table, host); ``zones`` where it may go."""

    id: Id
    name_zh: Name
    name_en: _Word = ""
    category: Category = Category.OPERATION
    grade: Grade = Grade.GENERAL_2
    system: Annotated[str, msgspec.Meta(max_length=64)] = ""
    unit: Annotated[str, msgspec.Meta(max_length=64)] = ""
    owner: _Word = ""
    datasets: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=100)] = ()
    places: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=100)] = ()
    zones: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=50)] = ()
    purpose: Annotated[str, msgspec.Meta(max_length=2000)] = ""
    retired: bool = False

    @property
    def name(self) -> str:
        """In the language of the context."""
        return (self.name_en or self.name_zh) if language() is Language.EN else self.name_zh

    def holds(self, dataset: str) -> bool:
        """Whether the data set is one of its."""
        return any(fnmatchcase(dataset, pattern) for pattern in self.datasets)


class DataAssetRow(Record):
    """One data asset; ``body`` holds the noun."""

    __tablename__ = "analytics_data_assets"

    id: Mapped[str] = mapped_column(primary_key=True)
    body: Mapped[bytes]
    changed: Mapped[datetime]
    changed_by: Mapped[str]


class KeptAsset(msgspec.Struct, frozen=True, kw_only=True):
    """A data asset with when and by whom it was changed last."""

    asset: DataAsset
    changed: datetime
    changed_by: str


class DataAssets:
    """The register. Changes are judged (``register.edit``) and enter the ledger with what was before. Blocks."""

    def __init__(self, records: Records, access: Authorizer, clock: Clock | None = None) -> None:
        self._records, self._access = records, access
        self._clock = clock or SystemClock()

    def all(self) -> Sequence[KeptAsset]:
        """Every data asset by id, retired ones too."""
        query = select(DataAssetRow).order_by(DataAssetRow.id)
        return self._records.read(lambda session: [_kept(row) for row in session.scalars(query)])

    def save(self, actor: Actor, asset: DataAsset) -> None:
        """Make or change one. ``AppError(CONFLICT)`` where another asset has one of its data sets already."""
        self._access.demand(actor, "register.edit", f"data_asset:{asset.id}")
        self._records.write(lambda session: self._put(session, actor, asset))

    def _put(self, session: Session, actor: Actor, asset: DataAsset) -> None:
        for row in session.scalars(select(DataAssetRow).where(DataAssetRow.id != asset.id)):
            other = _kept(row).asset
            shared = set() if other.retired or asset.retired else set(other.datasets) & set(asset.datasets)
            if shared:
                raise AppError(ErrorKind.CONFLICT, "analytics.data_assets.taken", place=min(shared), other=other.id)
        found = session.get(DataAssetRow, asset.id)
        before = msgspec.to_builtins(_kept(found).asset) if found else {}
        after = msgspec.to_builtins(asset)
        changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
        now = self._clock.now()
        session.merge(
            DataAssetRow(id=asset.id, body=msgspec.json.encode(asset), changed=now, changed_by=actor.name or actor.id)
        )
        action = "change" if found else "create"
        record(session, actor=actor, action=f"analytics.data_asset.{action}", thing=f"data_asset:{asset.id}",
               detail=changed, at=now)  # fmt: skip
        publish(session, TOPIC, f"data_asset:{asset.id}", at=now)


def _kept(row: DataAssetRow) -> KeptAsset:
    asset = msgspec.json.decode(row.body, type=DataAsset)
    return KeptAsset(asset=asset, changed=row.changed, changed_by=row.changed_by)
