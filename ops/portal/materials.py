"""What the platform itself can hand over for an evaluation: it has graded, filed, registered and found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from infra.blobs import BlobStore
from infra.register import Asset
from ops.documents.tables import write_rows
from ops.evaluation.materials import File
from ops.evaluation.rectification import Rectification, State
from ops.filing.exchange import reader
from ops.filing.papers import Papers, file_name
from ops.filing.service import Filing, Filings
from ops.filing.values import FileRef
from ops.grading.engine import grade, shipped_matrices
from ops.grading.report import grading_report
from ops.grading.service import Gradings, KeptGrading

T5 = {"topology": "topology_file", "rules": "org_rules_file", "products": "products_file"}
"""Materials that table 5 of the filing has a file for."""
ASSET_COLUMNS = ("id", "name", "kind", "system", "unit", "zone", "addresses", "importance")
FINDING_COLUMNS = ("id", "unit", "asset", "title", "risk", "major", "state", "owner", "due", "cause", "fix", "closed")


class KnownMaterials:
    """Names and writers by material, as ``ops.evaluation.materials`` asks for them."""

    def __init__(
        self, gradings: Gradings, filings: Filings, findings: Rectification, papers: Papers, blobs: BlobStore,
        assets: Callable[[str], Sequence[Asset]],
    ) -> None:  # fmt: skip
        self._gradings, self._filings, self._findings = gradings, filings, findings
        self._papers, self._blobs, self._assets = papers, blobs, assets

    def __call__(self, object_id: str) -> Mapping[str, File]:
        """What there is for an object; nothing is written before it is asked for."""
        kept = self._gradings.latest(object_id)
        filing = next((each for each in self._filings.find() if object_id in each.document.objects), None)
        mine, found = list(self._assets(object_id)), self._findings.find(object_id, frozenset(State))
        files: dict[str, File] = {}
        if kept:
            files["grading_report"] = ("定级报告.docx", lambda: self._report(kept))
        if filing:
            files |= self._of_filing(filing, object_id)
        if mine:
            files["assets"] = ("资产清单.xlsx", lambda: write_rows("assets", ASSET_COLUMNS, map(_asset, mine)))
        if found:
            files["findings"] = ("问题清单.xlsx", lambda: write_rows("findings", FINDING_COLUMNS, map(_finding, found)))
            files["rectification"] = ("整改情况.xlsx", files["findings"][1])
        return files

    @staticmethod
    def _report(kept: KeptGrading) -> bytes:
        grading = grade(kept.thing, kept.at.date())
        wanted = grading.decisive.matrix if grading.decisive else ""
        return grading_report(grading, next(each for each in shipped_matrices() if each.ref.version == wanted))

    def _of_filing(self, filing: Filing, object_id: str) -> dict[str, File]:
        document = filing.document
        files: dict[str, File] = {
            "filing_form": (file_name(filing.id, "docx"), lambda: self._papers.write(document, "docx"))
        }
        if filing.certificate_number:
            words = f"{filing.certificate_number}\n{filing.certified} – {filing.expires}\n"
            files["certificate"] = ("备案证明编号.txt", words.encode)
        sheet = next((each for each in document.of_table("T5") if each.key == object_id), None)
        for material, field in T5.items():
            value = sheet.value(field) if sheet else None
            if isinstance(value, FileRef):
                files[material] = (value.name, partial(reader(self._blobs), value.sha256))
        return files


def _asset(asset: Asset) -> tuple[Any, ...]:
    addresses = " ".join(each.value for each in asset.addresses)
    return (asset.id, asset.name, asset.kind, asset.system, asset.unit, asset.zone, addresses, asset.importance)


def _finding(found: Any) -> tuple[Any, ...]:
    dates = (found.due.isoformat() if found.due else "", found.closed.date().isoformat() if found.closed else "")
    return (
        found.id, found.unit, found.asset, found.title, str(found.risk), "是" if found.major else "", str(found.state),
        found.owner, dates[0], found.cause, found.fix, dates[1],
    )  # fmt: skip
