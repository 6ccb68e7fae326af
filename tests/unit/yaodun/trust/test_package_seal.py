"""Sealed packages: openssl agrees with the seal, a broken or removed one is refused, and imports are whole."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.blobs import FolderBlobs
from infra.clock import ManualClock
from infra.errors import AppError, ErrorKind
from infra.records import Records
from infra.web.seams import Actor
from ops.filing.document import Entry, FilingDocument, Origin, Proposal, put
from ops.filing.exchange import read_package, to_json
from ops.filing.importing import take_in
from ops.filing.papers import Papers
from ops.filing.sealing import Sealed
from ops.filing.service import Filings
from ops.filing.spreadsheet import to_xlsx
from ops.filing.values import FileRef
from tests.fresh import fresh_records
from tests.unit.ops.filing.forms import FORM, NOW, complete
from trust.signer.seals import PACKAGE, Seals
from yaodun.trust.package_seal import PackageSeal

OWNER, OTHER = Actor(id="u1", name="owner"), Actor(id="u2", name="other")


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    made = fresh_records(tmp_path)
    yield made
    made.close()


def seal_of(folder: Path) -> PackageSeal:
    seals = Seals(folder / "packages", PACKAGE)
    return PackageSeal(lambda operation, **digests: seals.seal(**digests), folder)


def with_attachments(blobs: FolderBlobs) -> FilingDocument:
    document = complete(2)
    kept = blobs.put([b"the report"], 100)
    for sheet in document.sheets:
        for name, entry in list(sheet.entries.items()):
            if isinstance(entry.value, FileRef):
                put(FORM, sheet, name, FileRef("r.pdf", kept.id, kept.size), Origin("typed"), "u1", NOW)
    return document


def package(folder: Path, seal: PackageSeal | None) -> bytes:
    blobs = FolderBlobs(folder / "out")
    return Papers(FORM, blobs, ManualClock(NOW), seal).write(with_attachments(blobs), "package")


def changed(raw: bytes, change: Callable[[dict[str, bytes]], None]) -> bytes:
    source, target = zipfile.ZipFile(io.BytesIO(raw)), io.BytesIO()
    files = {name: source.read(name) for name in source.namelist()}
    change(files)
    with zipfile.ZipFile(target, "w") as out:
        for name, data in files.items():
            out.writestr(name, data)
    return target.getvalue()


def test_a_seal_is_ours_on_this_site_and_another_site_says_whose_it_is(tmp_path: Path) -> None:
    raw = package(tmp_path, seal_of(tmp_path / "a"))
    assert read_package(raw, FORM, "p.zip", seal_of(tmp_path / "a")).sealed is Sealed.OURS
    assert read_package(raw, FORM, "p.zip", seal_of(tmp_path / "b")).sealed is Sealed.OTHER
    assert read_package(raw, FORM, "p.zip").sealed is Sealed.UNCHECKED
    assert read_package(package(tmp_path, None), FORM, "p.zip", seal_of(tmp_path / "a")).sealed is Sealed.NONE


def test_openssl_verifies_the_seal(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: apt-get install openssl")
    archive = zipfile.ZipFile(io.BytesIO(package(tmp_path, seal_of(tmp_path / "a"))))
    archive.extractall(tmp_path / "p")
    manifest = archive.read("manifest.json")
    message = b"yaodun-package-v1\0" + hashlib.sha256(manifest).digest() + hashlib.new("sm3", manifest).digest()
    (tmp_path / "message").write_bytes(message)
    words = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", str(tmp_path / "p/manifest.pem"), "-rawin",
             "-digest", "sm3", "-pkeyopt", "distid:1234567812345678", "-sigfile", str(tmp_path / "p/manifest.sig"),
             "-in", str(tmp_path / "message")]  # fmt: skip
    assert subprocess.run(words, capture_output=True, timeout=30).returncode == 0
    (tmp_path / "message").write_bytes(message[:-1] + b"\0")
    assert subprocess.run(words, capture_output=True, timeout=30).returncode != 0


def _swap(files: dict[str, bytes]) -> None:
    files["manifest.json"] = files["manifest.json"].replace(b"F-2026-1", b"F-2026-2", 1)


def _strip(files: dict[str, bytes]) -> None:
    del files["manifest.sig"]


def _other_key(files: dict[str, bytes]) -> None:
    files["manifest.pem"] = files["manifest.pem"].replace(b"A", b"B")


def _no_key(files: dict[str, bytes]) -> None:
    files["manifest.pem"] = b"-----BEGIN PUBLIC KEY-----\n****\n-----END PUBLIC KEY-----\n"


def _blank(files: dict[str, bytes]) -> None:
    """The signature goes and the manifest no longer speaks of one; the key is forgotten."""
    _strip(files)
    manifest = json.loads(files["manifest.json"])
    files["manifest.json"] = json.dumps(manifest | {"signature": ""}).encode()


@pytest.mark.parametrize("change", [_swap, _strip, _other_key, _no_key, _blank])
def test_a_broken_or_removed_seal_is_refused(change: Callable[[dict[str, bytes]], None], tmp_path: Path) -> None:
    raw = changed(package(tmp_path, seal_of(tmp_path / "a")), change)
    with pytest.raises(AppError) as error:
        read_package(raw, FORM, "p.zip", seal_of(tmp_path / "a"))
    assert error.value.message_key == "ops.filing.seal_broken"


def test_without_a_signer_the_package_says_it_is_unsealed(tmp_path: Path) -> None:
    def gone(operation: str, **digests: str) -> Any:
        raise AppError(ErrorKind.UNAVAILABLE, "trust.signer.not_running")

    raw = package(tmp_path, PackageSeal(gone, tmp_path))
    assert read_package(raw, FORM, "p.zip", seal_of(tmp_path)).sealed is Sealed.NONE
    assert "manifest.sig" not in zipfile.ZipFile(io.BytesIO(raw)).namelist()


def test_a_package_comes_in_on_another_site_with_its_attachments(records: Records, tmp_path: Path) -> None:
    raw = package(tmp_path, seal_of(tmp_path / "a"))
    filings, blobs = Filings(records, ManualClock(NOW), FORM), FolderBlobs(tmp_path / "in")
    made = take_in(filings, blobs, OTHER, "u9", raw, "p.zip", seal_of(tmp_path / "b"))
    assert (made.created, made.problems, made.sealed) == (True, 0, Sealed.OTHER)
    kept = filings.get(made.filing)
    assert kept.unit == "u9"
    entries = [entry for sheet in kept.document.sheets for entry in sheet.entries.values()]
    assert {(entry.by, entry.origin.source) for entry in entries} == {("u2", "package")}
    again = Papers(FORM, blobs, ManualClock(NOW)).write(kept.document, "package")
    assert read_package(again, FORM, "p.zip").document.values() == kept.document.values()


def claiming() -> FilingDocument:
    """A filing whose file says that the platform gave and offers values."""
    document = complete(1)
    for sheet in document.sheets:
        for name, entry in list(sheet.entries.items()):
            sheet.entries[name] = Entry(entry.value, Origin("flows", NOW, "/flows"), "boss", NOW)
    sheet = document.sheet("T2", "trace")
    sheet.proposals["object_name"] = Proposal("别名", Origin("register", NOW))
    sheet.refused["internet_domain"] = Proposal("x.example", Origin("exposed_services", NOW))
    return document


def test_a_file_cannot_claim_that_the_platform_gave_its_values(records: Records, tmp_path: Path) -> None:
    filings, blobs = Filings(records, ManualClock(NOW), FORM), FolderBlobs(tmp_path / "in")
    made = filings.get(take_in(filings, blobs, OTHER, "u9", to_json(claiming()), "f.json").filing)
    entries = [entry for sheet in made.document.sheets for entry in sheet.entries.values()]
    assert {(entry.by, entry.origin.source, entry.origin.evidence) for entry in entries} == {("u2", "json", "")}
    assert not any(sheet.proposals or sheet.refused for sheet in made.document.sheets)
    assert made.document.values() == claiming().values()
    assert filings.coverage(made.id).filled == 0


@pytest.mark.parametrize("kind", ["json", "package"])
def test_values_merged_from_a_file_do_not_count_as_the_platform_s(kind: str, records: Records, tmp_path: Path) -> None:
    filings, blobs = Filings(records, ManualClock(NOW), FORM), FolderBlobs(tmp_path / "out")
    filings.create(OWNER, "F-2026-1", "u1", {"trace": ["c0", "c1"]})
    raw = Papers(FORM, blobs, ManualClock(NOW)).write(with_attachments(blobs), kind)
    assert take_in(filings, blobs, OTHER, "", raw, "f").changed > 100
    assert filings.coverage("F-2026-1").filled == 0


class Watched(FolderBlobs):
    """Notes which filings stood when an attachment was stored."""

    def __init__(self, root: Path, filings: Filings) -> None:
        super().__init__(root)
        self.filings, self.stood = filings, list[list[str]]()

    def put(self, chunks: Iterable[bytes], limit: int) -> Any:
        self.stood.append([filing.id for filing in self.filings.find()])
        return super().put(chunks, limit)


def test_attachments_are_there_before_the_filing_that_names_them(records: Records, tmp_path: Path) -> None:
    filings = Filings(records, ManualClock(NOW), FORM)
    blobs = Watched(tmp_path / "in", filings)
    take_in(filings, blobs, OTHER, "u9", package(tmp_path, None), "p.zip")
    assert blobs.stood == [[]]


def test_a_workbook_filled_in_outside_changes_the_draft_and_names_who_brought_it(
    records: Records, tmp_path: Path
) -> None:
    filings, blobs = Filings(records, ManualClock(NOW), FORM), FolderBlobs(tmp_path / "in")
    filings.add(OWNER, "u1", complete(1))
    edited = complete(1)
    put(FORM, edited.sheet("T1"), "unit_name", "新名称", Origin("flows"), "somebody", NOW)
    made = take_in(filings, blobs, OTHER, "", to_xlsx(edited, FORM), "f.xlsx")
    assert (made.created, made.changed) == (False, 1)
    sheet = filings.get("F-2026-1").document.sheet("T1")
    assert (sheet.value("unit_name"), sheet.entries["unit_name"].by) == ("新名称", "u2")
    assert sheet.entries["unit_name"].origin.source == "xlsx"
    assert sheet.entries["credit_code"].by == "u1"


def test_a_file_about_other_objects_or_a_filing_handed_in_changes_nothing(records: Records, tmp_path: Path) -> None:
    filings, blobs = Filings(records, ManualClock(NOW), FORM), FolderBlobs(tmp_path / "in")
    before = filings.add(OWNER, "u1", complete(1)).document.values()
    other = complete(1)
    for sheet in other.sheets:
        sheet.key = sheet.key.replace("trace", "portal")
    with pytest.raises(AppError) as error:
        take_in(filings, blobs, OWNER, "", to_json(other), "f.json")
    assert error.value.message_key == "ops.filing.other_objects"
    filings.step(OWNER, "F-2026-1", "grade")
    with pytest.raises(AppError):
        take_in(filings, blobs, OWNER, "", to_json(complete(1)), "f.json")
    assert filings.get("F-2026-1").document.values() == before


def test_what_is_no_digest_is_not_sealed(tmp_path: Path) -> None:
    seals = Seals(tmp_path, PACKAGE)
    with pytest.raises(AppError):
        seals.seal(sha256="00" * 32, sm3="zz")
    made = seals.seal(sha256="00" * 32, sm3="11" * 32)
    assert base64.b64decode(made["key"])
