"""What of a filing goes out: forms by the site's own template where it has one, and the sealed package."""

from __future__ import annotations

from pathlib import Path

from infra.blobs import BlobStore
from infra.clock import Clock
from infra.errors import AppError, ErrorKind
from ops.documents.template import site_template
from ops.filing.document import FilingDocument
from ops.filing.exchange import reader, to_json, to_package
from ops.filing.form import Form
from ops.filing.sealing import Sealer

MEDIA = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "package": "application/zip",
}
TEMPLATE = "filing-form.docx"


class Papers:
    """Writes filings; ``templates`` is the folder of the site's own Word templates."""

    def __init__(
        self, form: Form, blobs: BlobStore, clock: Clock, sealer: Sealer | None = None, templates: Path | None = None
    ) -> None:
        self._form, self._blobs, self._clock = form, blobs, clock
        self._templates = templates
        self.sealer = sealer

    def write(self, document: FilingDocument, kind: str) -> bytes:
        """The filing as ``docx``, ``xlsx``, ``json`` or ``package``; ``AppError(INVALID)`` for another kind."""
        from ops.filing.spreadsheet import to_xlsx
        from ops.filing.word import to_docx

        match kind:
            case "docx":
                return to_docx(document, self._form, self._template())
            case "xlsx":
                return to_xlsx(document, self._form)
            case "json":
                return to_json(document)
            case "package":
                return self.package(document)
        raise AppError(ErrorKind.INVALID, "ops.filing.no_kind", place=kind[:40], known=", ".join(MEDIA))

    def package(self, document: FilingDocument) -> bytes:
        """What a clerk is handed: forms, attachments, manifest, seal."""
        read = reader(self._blobs)
        return to_package(document, self._form, read, self._clock.now(), self.sealer, self._template())

    def _template(self) -> bytes | None:
        return site_template(self._templates, TEMPLATE)


def file_name(filing_id: str, kind: str) -> str:
    """What the file is called."""
    return f"{filing_id}.{'zip' if kind == 'package' else kind}"
