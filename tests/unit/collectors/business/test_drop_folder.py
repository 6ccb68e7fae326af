"""The drop folder: each file once and whole, with a report that adds up."""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import pytest

from collectors.sources.business.drop_folder import DropFolder
from tests.unit.collectors.business.written import HEADER, bill, ndjson, row
from tests.unit.collectors.sinks import KeepingSink


@pytest.fixture
def folder(tmp_path: Path) -> DropFolder:
    made = tmp_path / "drop"
    made.mkdir()
    return DropFolder(made, tmp_path / "taken", now=lambda: time.time() + 60)


def _report(folder: DropFolder, where: str) -> dict[str, Any]:
    (path,) = (folder.folder / where).glob("*.report.json")
    return json.loads(path.read_bytes())


async def test_files_of_every_format_are_taken_and_put_away(folder: DropFolder) -> None:
    (folder.folder / "a.ndjson").write_bytes(ndjson([bill(1), bill(2, v=9)]))
    (folder.folder / "b.csv").write_bytes("\n".join([HEADER, row(3), row(4)]).encode("gbk"))
    sink = KeepingSink()
    reports = await folder.look(sink)
    assert [(each.file, each.state, each.account.accepted) for each in reports] == [
        ("a.ndjson", "accepted", 1),
        ("b.csv", "accepted", 2),
    ]
    assert sink.count == 4
    assert len(list((folder.folder / "done").iterdir())) == 4
    assert await folder.look(sink) == []


async def test_the_same_content_again_is_a_duplicate_even_after_a_restart(folder: DropFolder, tmp_path: Path) -> None:
    sink = KeepingSink()
    (folder.folder / "a.ndjson").write_bytes(ndjson([bill(1)]))
    await folder.look(sink)
    again = DropFolder(folder.folder, tmp_path / "taken", now=lambda: time.time() + 60)
    (folder.folder / "renamed.ndjson").write_bytes(ndjson([bill(1)]))
    (report,) = await again.look(sink)
    assert report.state == "duplicate"
    assert sink.count == 1
    assert _report(folder, "duplicates")["file"] == "renamed.ndjson"


@pytest.mark.parametrize("claim", [{"records": 3}, {"sha256": "0" * 64}])
async def test_half_a_file_is_rejected_whole_by_its_manifest(folder: DropFolder, claim: dict[str, Any]) -> None:
    (folder.folder / "a.ndjson").write_bytes(ndjson([bill(1), bill(2)]))
    (folder.folder / "a.ndjson.manifest").write_text(json.dumps(claim))
    sink = KeepingSink()
    (report,) = await folder.look(sink)
    assert report.state == "rejected"
    assert next(iter(claim)) in report.problem.replace("digest", "sha256")
    assert sink.count == 0


async def test_a_true_manifest_lets_the_file_in(folder: DropFolder) -> None:
    body = ndjson([bill(1), bill(2)])
    (folder.folder / "a.ndjson").write_bytes(body)
    claim = {"records": 2, "sha256": hashlib.sha256(body).hexdigest()}
    (folder.folder / "a.ndjson.manifest").write_text(json.dumps(claim))
    (report,) = await folder.look(KeepingSink())
    assert (report.state, report.account.accepted) == ("accepted", 2)


async def test_files_being_written_are_left_alone(folder: DropFolder) -> None:
    (folder.folder / "a.ndjson.part").write_bytes(ndjson([bill(1)]))
    young = DropFolder(folder.folder, folder.folder / ".taken", now=time.time)
    (folder.folder / "b.ndjson").write_bytes(ndjson([bill(1)]))
    assert await young.look(KeepingSink()) == []


async def test_an_unreadable_or_unknown_file_is_rejected_with_words(folder: DropFolder) -> None:
    (folder.folder / "a.xml").write_bytes(b"<businessEvents")
    (folder.folder / "b.docx").write_bytes(b"x")
    reports = await folder.look(KeepingSink())
    assert [(each.state, bool(each.problem)) for each in reports] == [("rejected", True), ("rejected", True)]


async def test_a_sink_that_is_full_for_a_while_loses_nothing(folder: DropFolder) -> None:
    (folder.folder / "a.ndjson").write_bytes(ndjson([bill(number) for number in range(2500)]))
    sink = KeepingSink(busy=2)
    (report,) = await folder.look(sink)
    assert report.account.accepted == sink.count == 2500
