"""The restore drill: what a site knew is what the restored site knows; what is broken is told and leaves nothing."""

from __future__ import annotations

import json
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from infra.blobs.folder import FolderBlobs
from infra.errors import AppError
from infra.events.frame import Frame
from infra.events.stream import Stream
from infra.home import Home
from infra.ledger import Ledger, Sequencer
from infra.records.migrate import migrate
from infra.spool import SpoolPosition, SpoolReader, SpoolWriter
from infra.store.embedded import EmbeddedStore
from infra.store.embedded.compact import Tiers, compact
from infra.store.seams import Batch, SourceCount
from tests.contract.event_samples import SAMPLES
from yaodun.backup import check, restore, take
from yaodun.backup.inventory import DATA, NAME
from yaodun.console import console_actor
from yaodun.site import Site, open_site


def frame(text: bytes) -> Frame:
    return Frame("web", "lines", 1, int(datetime(2026, 11, 24, tzinfo=UTC).timestamp() * 1e9), text)


@pytest.fixture
def site(tmp_path: Path) -> Site:
    """A site that is in use: records, a ledger, events in two tiers, a spool not yet taken, a blob, a secret."""
    home = Home(tmp_path / "home")
    home.prepare()
    made = open_site(home)
    migrate(made.records.engine)
    made.tokens.create_source(console_actor(), "web", 30)
    store = EmbeddedStore(home.events, made.clock)
    for number in range(4):
        events = [{**one, "event.id": f"{one['event.id']}-{number}"} for one in SAMPLES]
        counts = {"sample": SourceCount(stored=len(events), received=len(events))}
        position = SpoolPosition(1, number + 1)
        store.append(Batch(spool="ingest", position=position, events={Stream.LOGS: events}, counts=counts))
        if number == 1:
            compact(store, Tiers(width=2))
    store.close()
    writer = SpoolWriter(home.ingest_spool)
    writer.append([frame(b"acknowledged, not yet stored")])
    writer.close()
    FolderBlobs(home.blobs).put([b"evidence"], 100)
    (home.secrets / "identity.key").write_bytes(os.urandom(32))
    Sequencer(made.records, made.clock, holder="drill").turn()
    return made


def everything(home: Home) -> dict[str, object]:
    """What a site knows, read through its own rooms."""
    made = open_site(home)
    store = EmbeddedStore(home.events, made.clock)
    reader = SpoolReader(home.ingest_spool)
    try:
        return {
            "events": sorted((str(store.get(one)) for one in store.ids_since("0")), key=str),
            "position": store.committed("ingest"),
            "counts": dict(store.counts()),
            "spooled": [taken.body for taken, _ in reader.read()],
            "blobs": list(FolderBlobs(home.blobs).all()),
            "secret": (home.secrets / "identity.key").read_bytes(),
            "tokens": [token.id for token in made.tokens.list()],
            "leaf": Ledger(made.records).leaf(0).body,
        }
    finally:
        store.close()
        reader.close()
        made.records.close()


def test_a_restored_site_knows_what_the_site_knew(site: Site, tmp_path: Path) -> None:
    inventory = take(site, tmp_path / "backup")
    new = Home(tmp_path / "new")
    findings = restore(tmp_path / "backup", new)
    assert all(finding.equal for finding in findings), [finding for finding in findings if not finding.equal]
    assert {finding.part for finding in findings} >= {"files", "records", "ledger", "events", "blobs", "database"}
    known = everything(new)
    assert known == everything(site.home)
    assert len(known["events"]) == 4 * len(SAMPLES)  # type: ignore[arg-type]
    assert known["spooled"] == [b"acknowledged, not yet stored"]
    assert inventory.records.leaves >= 1
    site.records.close()


def test_the_ledger_of_both_sites_tells_of_it(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path / "backup")
    restore(tmp_path / "backup", Home(tmp_path / "new"))
    for home, action in ((site.home, "yaodun.site.backup"), (Home(tmp_path / "new"), "yaodun.site.restore")):
        made = open_site(home)
        Sequencer(made.records, made.clock, holder="drill").turn()
        ledger = Ledger(made.records)
        head = ledger.head()
        assert head is not None
        assert action in {ledger.leaf(number).entry.action for number in range(head.size)}
        assert ledger.verify().clean
        made.records.close()


def test_checking_changes_nothing_and_finds_all_equal(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path / "backup")
    before = {path: path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file()}
    assert all(finding.equal for finding in check(tmp_path / "backup"))
    assert {path: path.read_bytes() for path in (tmp_path / "backup").rglob("*") if path.is_file()} == before
    site.records.close()


@pytest.mark.parametrize("victim", ["events/logs/*/*.parquet", "records.db", "secrets/identity.key", "blobs/??/??/*"])
def test_one_changed_byte_is_named_and_no_site_is_left(site: Site, tmp_path: Path, victim: str) -> None:
    take(site, tmp_path / "backup")
    path = next((tmp_path / "backup" / DATA).glob(victim))
    path.chmod(0o600)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    new = Home(tmp_path / "new")
    bad = [finding for finding in restore(tmp_path / "backup", new) if not finding.equal]
    assert str(path.relative_to(tmp_path / "backup" / DATA)) in {finding.what for finding in bad}
    assert not new.root.exists()
    assert not list(tmp_path.glob(".new*"))
    site.records.close()


def test_an_unfinished_backup_is_none(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path / "backup")
    (tmp_path / "backup" / NAME).unlink()
    with pytest.raises(AppError, match="backup"):
        restore(tmp_path / "backup", Home(tmp_path / "new"))
    site.records.close()


def test_an_inventory_cannot_name_files_elsewhere(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path / "backup")
    path = tmp_path / "backup" / NAME
    told = json.loads(path.read_text())
    told["items"][0]["path"] = "../outside"
    path.write_text(json.dumps(told))
    with pytest.raises(AppError):
        restore(tmp_path / "backup", Home(tmp_path / "new"))
    assert not (tmp_path / "outside").exists()
    site.records.close()


def test_neither_backup_nor_site_is_written_over(site: Site, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "precious").write_text("mine")
    with pytest.raises(AppError):
        take(site, tmp_path / "full")
    take(site, tmp_path / "backup")
    with pytest.raises(AppError):
        restore(tmp_path / "backup", Home(tmp_path / "full"))
    assert (tmp_path / "full" / "precious").read_text() == "mine"
    site.records.close()


def test_the_next_backup_links_what_has_not_changed(site: Site, tmp_path: Path) -> None:
    first = take(site, tmp_path / "one")
    second = take(site, tmp_path / "two", since=tmp_path / "one")
    assert first.days == second.days
    for item in second.items:
        if item.path.endswith(".parquet") or item.path.startswith("blobs/"):
            assert (tmp_path / "two" / DATA / item.path).samefile(tmp_path / "one" / DATA / item.path)
    assert all(finding.equal for finding in restore(tmp_path / "two", Home(tmp_path / "new")))
    site.records.close()


def test_segments_merged_while_they_are_copied_are_found_again(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keeper merges, and unlinks what it merged, between the look at the manifest and the copy."""
    from yaodun.backup import taking

    whole = sorted(everything(site.home)["events"])  # type: ignore[call-overload]
    once: list[int] = []
    look = taking._Taking._live

    def meanwhile(self: Any) -> Any:
        live = look(self)
        if not once:
            once.append(1)
            store = EmbeddedStore(site.home.events, site.clock)
            assert compact(store, Tiers(width=2)).made
            store.close()
            for segment in live:
                (site.home.events / segment.path).unlink(missing_ok=True)
        return live

    monkeypatch.setattr(taking._Taking, "_live", meanwhile)
    take(site, tmp_path / "backup")
    assert once
    assert all(finding.equal for finding in restore(tmp_path / "backup", Home(tmp_path / "new")))
    assert sorted(everything(Home(tmp_path / "new"))["events"]) == whole  # type: ignore[call-overload]
    site.records.close()


def test_a_backup_is_for_its_owner_only(site: Site, tmp_path: Path) -> None:
    take(site, tmp_path / "backup")
    assert (tmp_path / "backup").stat().st_mode & 0o077 == 0
    for path in (tmp_path / "backup" / DATA).rglob("*"):
        assert path.is_dir() or path.stat().st_mode & 0o077 == 0, path
    with sqlite3.connect(tmp_path / "backup" / DATA / "records.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    site.records.close()
