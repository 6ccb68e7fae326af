"""Models live, die and come back; nothing unsigned or altered is ever read."""

import hashlib
import hmac
import shutil
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import select

from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.models.artefact import pack
from analytics.models.card import Card, ModelState, feature_hash, fingerprint, versions
from analytics.models.registry import ModelRegistry
from analytics.models.rows import ModelRow
from infra.blobs import FolderBlobs
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.ledger.rows import OutboxRow
from infra.records import open_records
from infra.records.migrate import migrate

NOW = datetime(2026, 11, 18, tzinfo=UTC)
ROWS = np.random.default_rng(0).normal(size=(300, 4))


class KeyedSigner:
    """Stands in for the trust service."""

    key = b"a key of the test"

    def sign(self, data: bytes) -> bytes:
        return hmac.digest(self.key, data, "sha256")

    def verify(self, data: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(data), signature)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory):
    """A migrated database, made once."""
    path = tmp_path_factory.mktemp("records") / "records.db"
    found = open_records(path)
    migrate(found.engine)
    found.close()
    return path


@pytest.fixture
def records(tmp_path, migrated):
    shutil.copy(migrated, tmp_path / "records.db")
    found = open_records(tmp_path / "records.db")
    yield found
    found.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def registry(records, tmp_path, clock) -> ModelRegistry:
    return ModelRegistry(records, FolderBlobs(tmp_path / "blobs"), KeyedSigner(), clock)


def card(model: str, **changes) -> Card:
    fields = {
        "id": model,
        "name": "hosts",
        "kind": "ensemble",
        "features": ("a", "b", "c", "d"),
        "feature_hash": feature_hash(["a", "b", "c", "d"]),
        "fingerprint": fingerprint(ROWS),
        "rows": len(ROWS),
        "start": NOW - timedelta(days=30),
        "end": NOW,
        "query": "logs",
        "seed": 0,
        "versions": dict(versions()),
    }
    return Card(**(fields | changes))


def test_a_model_comes_back_with_the_same_scores(registry) -> None:
    model = Ensemble.fit(ROWS, Tier.FAST)
    registry.add(card("m1"), model.state(), "ann")
    kept, arrays = registry.load("m1")
    assert kept == card("m1")
    np.testing.assert_array_equal(Ensemble.restore(arrays).score(ROWS), model.score(ROWS))


def test_life_rollback_and_one_active_at_most(registry, clock) -> None:
    for model in ("m1", "m2"):
        registry.add(card(model), {"x": np.ones(2)}, "ann")
        clock.advance(60)
        registry.move(model, ModelState.CANDIDATE, "ann", "")
        registry.move(model, ModelState.ACTIVE, "ann", "bob")
    assert registry.active("hosts") == "m2"
    assert registry.rollback("hosts", "ann", "bob") == "m1"
    assert registry.active("hosts") == "m1"
    states = {row.id: (row.number, row.state) for row in registry.versions("hosts")}
    assert states == {"m1": (1, "active"), "m2": (2, "retired")}


def test_a_shadow_cannot_become_active_at_once(registry) -> None:
    registry.add(card("m1"), {"x": np.ones(2)}, "ann")
    with pytest.raises(AppError) as error:
        registry.move("m1", ModelState.ACTIVE, "ann", "bob")
    assert error.value.kind is ErrorKind.CONFLICT
    assert registry.active("hosts") is None


def test_every_change_is_told_to_the_ledger(registry, records) -> None:
    registry.add(card("m1"), {"x": np.ones(2)}, "ann")
    registry.move("m1", ModelState.CANDIDATE, "ann", "bob")
    bodies = records.read(lambda session: [row.body for row in session.scalars(select(OutboxRow))])
    assert sum(b"analytics.model." in body for body in bodies) == 2


@pytest.mark.parametrize("harm", ["signature", "card", "blob"])
def test_altered_models_are_refused(registry, records, harm, tmp_path) -> None:
    registry.add(card("m1"), {"x": np.ones(2)}, "ann")

    def alter(session) -> None:
        row = session.get(ModelRow, "m1")
        if harm == "signature":
            row.signature = b"\x00" * 32
        elif harm == "card":
            row.card = {**row.card, "rows": 1}
        else:
            body = pack({"x": np.zeros(2)})
            row.blob = FolderBlobs(tmp_path / "blobs").put([body], 10**6).id

    records.write(alter)
    with pytest.raises(AppError) as error:
        registry.load("m1")
    assert error.value.kind is ErrorKind.FORBIDDEN


def test_objects_are_never_packed_and_packing_is_reproducible() -> None:
    with pytest.raises(ValueError, match="objects"):
        pack({"x": np.array([object()])})
    first, second = pack({"a": ROWS, "b": np.arange(3)}), pack({"b": np.arange(3), "a": ROWS.copy()})
    assert hashlib.sha256(first).digest() == hashlib.sha256(second).digest()


def test_fingerprint_does_not_know_order_but_knows_a_changed_cell() -> None:
    shuffled = ROWS[np.random.default_rng(1).permutation(len(ROWS))]
    changed = ROWS.copy()
    changed[0, 0] += 1e-9
    assert fingerprint(ROWS) == fingerprint(shuffled) != fingerprint(changed)
