"""The filing as JSON, and as a package: forms and attachments, a manifest of hashes, a signature."""

from __future__ import annotations

import hashlib
import io
import zipfile
from base64 import b64decode, encodebytes
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from infra.blobs import BlobStore
from infra.clock import rfc3339
from infra.errors import AppError, ErrorKind
from ops.documents.archive import open_archive
from ops.filing.document import MOST_SHEETS, FilingDocument
from ops.filing.form import Form
from ops.filing.sealing import Seal, Sealed, Sealer
from ops.filing.values import FileRef, canonical

MANIFEST, SIGNATURE, KEY = "manifest.json", "manifest.sig", "manifest.pem"
_PEM = ("-----BEGIN PUBLIC KEY-----\n", "-----END PUBLIC KEY-----\n")
_EPOCH = (1980, 1, 1, 0, 0, 0)


class Member(msgspec.Struct, frozen=True):
    """A file of the package with its size and hashes."""

    name: str
    size: int
    sha256: str
    sm3: str


class Manifest(msgspec.Struct, frozen=True):
    """What a package holds."""

    filing: str
    form: str
    made: str
    signature: str
    members: tuple[Member, ...]


def to_json(document: FilingDocument) -> bytes:
    """Values, origins, proposals: everything."""
    return msgspec.json.format(msgspec.json.encode(document), indent=1)


def from_json(raw: bytes, form: Form, place: str) -> FilingDocument:
    """The filing in JSON; every value is read as if typed, so a wrong one is named."""
    try:
        document = msgspec.json.decode(raw, type=FilingDocument)
    except (msgspec.ValidationError, msgspec.DecodeError, RecursionError) as error:
        raise AppError(ErrorKind.INVALID, "ops.filing.bad_json", place=place, problem=str(error)[:200]) from None
    if document.form != form.ref.version:
        raise AppError(ErrorKind.INVALID, "ops.filing.other_form", place=place, form=document.form[:40])
    if len(document.sheets) > MOST_SHEETS:
        raise AppError(ErrorKind.TOO_LARGE, "ops.filing.too_many_sheets", limit=MOST_SHEETS)
    for sheet in document.sheets:
        for name, entry in sheet.entries.items():
            field = form.find(sheet.table, name)
            value = canonical(field, entry.value, f"{place}: {sheet.table}[{sheet.key}].{name}")
            plain = list(value) if isinstance(value, tuple) else value
            if plain != entry.value:
                raise AppError(ErrorKind.INVALID, "ops.filing.not_canonical", place=f"{place}: {sheet.table}.{name}")
    return document


def attachments(document: FilingDocument) -> list[FileRef]:
    """Every file the values name, each once."""
    values = [entry.value for sheet in document.sheets for entry in sheet.entries.values()]
    return list({value.sha256: value for value in values if isinstance(value, FileRef)}.values())


def to_package(
    document: FilingDocument,
    form: Form,
    blob: Callable[[str], bytes],
    made: datetime,
    sealer: Sealer | None = None,
    template: bytes | None = None,
) -> bytes:
    """A ZIP a clerk can hand in: docx, xlsx, JSON, the attachments, a manifest with SHA-256 and SM3, its signature."""
    from ops.filing.spreadsheet import to_xlsx
    from ops.filing.word import to_docx

    printed = to_docx(document, form, template)
    files = {"form.json": to_json(document), "form.docx": printed, "form.xlsx": to_xlsx(document, form)}
    for ref in attachments(document):
        files[f"attachments/{ref.sha256[:12]}-{Path(ref.name).name}"] = _checked(ref, blob(ref.sha256))
    listed = tuple(_members(files.items()))
    algorithm = sealer.algorithm if sealer else ""
    raw = _manifest(Manifest(document.id, document.form, rfc3339(made), algorithm, listed))
    seal = sealer.seal(raw) if sealer else None
    if seal is None:
        raw = _manifest(Manifest(document.id, document.form, rfc3339(made), "", listed))
    else:
        files |= {SIGNATURE: seal.signature, KEY: _pem(seal.key)}
    return _zip(files | {MANIFEST: raw})


def _manifest(manifest: Manifest) -> bytes:
    return msgspec.json.format(msgspec.json.encode(manifest), indent=1)


def _pem(key: bytes) -> bytes:
    return (_PEM[0] + encodebytes(key).decode() + _PEM[1]).encode()


def _der(pem: bytes) -> bytes:
    text = pem.decode("ascii", "replace").removeprefix(_PEM[0]).removesuffix(_PEM[1])
    try:
        return b64decode("".join(text.split()), validate=True)
    except ValueError:
        return b""


def reader(blobs: BlobStore) -> Callable[[str], bytes]:
    """Reads attachments from a blob store."""

    def read(sha256: str) -> bytes:
        with blobs.open(sha256) as file:
            return file.read()

    return read


def _checked(ref: FileRef, data: bytes) -> bytes:
    if hashlib.sha256(data).hexdigest() != ref.sha256:
        raise AppError(ErrorKind.CONFLICT, "ops.filing.attachment_altered", place=ref.name)
    return data


def _members(files: Iterable[tuple[str, bytes]]) -> Iterable[Member]:
    for name, data in files:
        yield Member(name, len(data), hashlib.sha256(data).hexdigest(), hashlib.new("sm3", data).hexdigest())


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            member = zipfile.ZipInfo(name, _EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, data)
    return buffer.getvalue()


class Read(msgspec.Struct, frozen=True):
    """A filing that was read, from which kind of file, its attachments by SHA-256, and what a package's seal says."""

    document: FilingDocument
    kind: str
    files: dict[str, bytes] = {}
    sealed: Sealed | None = None


def from_package(raw: bytes, form: Form, place: str) -> tuple[FilingDocument, dict[str, bytes]]:
    """The filing and its attachments by SHA-256, after every hash of the manifest was compared."""
    found = read_package(raw, form, place)
    return found.document, found.files


def read_package(raw: bytes, form: Form, place: str, sealer: Sealer | None = None) -> Read:
    """The same with what its seal says; ``AppError(INVALID)`` where the seal is broken or a part of it is missing.

    A package from which signature, key and the manifest's word of them were all taken reads as one never sealed.
    """
    archive = open_archive(raw, place)
    if MANIFEST not in archive.namelist():
        raise AppError(ErrorKind.INVALID, "ops.filing.no_form", place=place)
    written = archive.read(MANIFEST)
    try:
        manifest = msgspec.json.decode(written, type=Manifest)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise AppError(
            ErrorKind.INVALID, "ops.filing.bad_json", place=f"{place}: {MANIFEST}", problem=str(error)
        ) from None
    sealed = _sealed(archive, manifest, written, sealer, place)
    files = {member.name: _member(archive, member, place) for member in manifest.members}
    extra = set(archive.namelist()) - set(files) - {MANIFEST, SIGNATURE, KEY}
    if extra or "form.json" not in files:
        raise AppError(ErrorKind.INVALID, "ops.filing.altered", place=f"{place}: {min(extra, default='form.json')}")
    blobs = {hashlib.sha256(data).hexdigest(): data for name, data in files.items() if name.startswith("attachments/")}
    return Read(from_json(files["form.json"], form, f"{place}: form.json"), "package", blobs, sealed)


def _sealed(archive: zipfile.ZipFile, manifest: Manifest, raw: bytes, sealer: Sealer | None, place: str) -> Sealed:
    names = set(archive.namelist())
    if not manifest.signature and not {SIGNATURE, KEY} & names:
        return Sealed.NONE
    if not {SIGNATURE, KEY} <= names:
        raise AppError(ErrorKind.INVALID, "ops.filing.seal_broken", place=f"{place}: {SIGNATURE}")
    if sealer is None:
        return Sealed.UNCHECKED
    found = sealer.judge(raw, Seal(manifest.signature, archive.read(SIGNATURE), _der(archive.read(KEY))))
    if found is None:
        raise AppError(ErrorKind.INVALID, "ops.filing.seal_broken", place=f"{place}: {SIGNATURE}")
    return found


def _member(archive: zipfile.ZipFile, member: Member, place: str) -> bytes:
    try:
        data = archive.read(member.name)
    except (KeyError, zipfile.BadZipFile):
        raise AppError(ErrorKind.INVALID, "ops.filing.altered", place=f"{place}: {member.name[:80]}") from None
    if next(iter(_members([(member.name, data)]))) != member:
        raise AppError(ErrorKind.INVALID, "ops.filing.altered", place=f"{place}: {member.name[:80]}")
    return data


def read_filing(raw: bytes, form: Form, place: str) -> FilingDocument:
    """The filing in any of its shapes, told apart by content."""
    return read_any(raw, form, place).document


def read_any(raw: bytes, form: Form, place: str, sealer: Sealer | None = None) -> Read:
    """The same with attachments and seal where it is a package."""
    from ops.filing.spreadsheet import from_xlsx
    from ops.filing.word import from_docx

    if not raw.startswith(b"PK"):
        return Read(from_json(raw, form, place), "json")
    names = set(open_archive(raw, place).namelist())
    if MANIFEST in names:
        return read_package(raw, form, place, sealer)
    if "word/document.xml" in names:
        return Read(from_docx(raw, form, place), "docx")
    return Read(from_xlsx(raw, form, place), "xlsx")
