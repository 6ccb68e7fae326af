"""Files as frames: kinds told by their bytes, packed or not, nothing lost on the way."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from collectors.files import FileKind, file_frames
from collectors.parsers import Parsed, ShippedParsers
from infra.errors import AppError
from infra.events.stream import Event

DOCUMENTS = [
    {"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "x", "n": n} for n in range(5)
]
NDJSON = b"".join(json.dumps(document).encode() + b"\r\n" for document in DOCUMENTS)
DATA = Path(__file__).parents[4] / "shared" / "data"


def read(path: Path, kind: FileKind = FileKind.AUTO) -> list[Event]:
    found: list[Event] = []
    for frame in file_frames(path, kind, received_ns=1_800_000_000_000_000_000):
        answer = ShippedParsers().parse(frame)
        assert sum(each.records for each in answer) == frame.count
        found += [each.document for each in answer if isinstance(each, Parsed)]
    return found


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.json", data)
        archive.writestr("__MACOSX/._a.json", b"junk")
    return out.getvalue()


def tarred(data: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in (("d/a.json", data), ("d/._a.json", b"junk")):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


@pytest.mark.parametrize("pack", [bytes, gzip.compress, zstandard.compress, zipped, tarred])
def test_a_file_may_be_packed(tmp_path: Path, pack: object) -> None:
    path = tmp_path / "strange.name"
    path.write_bytes(pack(NDJSON))  # type: ignore[operator]
    assert [event["winlog.event_data"]["n"] for event in read(path)] == list("01234")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_json_array_and_a_pretty_document(tmp_path: Path, indent: int | None) -> None:
    path = tmp_path / "a"
    path.write_text(json.dumps(DOCUMENTS, indent=indent))
    assert len(read(path)) == 5
    path.write_text(json.dumps(DOCUMENTS[0], indent=indent))
    assert len(read(path)) == 1


def test_lines_that_begin_with_a_bracket_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "error.log"
    path.write_text("[Sun Dec 04 04:47:44 2005] [error] mod_jk child workerEnv in error state 6\n")
    (event,) = read(path)
    assert event["log.level"] == "error"


def test_a_byte_order_mark_and_empty_lines_are_no_records(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"\xef\xbb\xbfone\n\n  \ntwo")
    assert [event["event.original"] for event in read(path)] == ["one", "two"]


@pytest.mark.parametrize(
    "data", [b"ElfFile\0broken", b"{broken\n 1", b"PK\x03\x04broken", b"\x1f\x8bbroken", b"\xd4\xc3\xb2\xa1pcap"]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "bad.bin"
    path.write_bytes(data)
    with pytest.raises(AppError, match=r"bad\.bin"):
        read(path)


def test_evtx_gives_every_record_as_the_published_json_says() -> None:
    folder = DATA / "sigmahq" / "regression_data"
    if not folder.is_dir():
        pytest.skip("the regression data of SigmaHQ is not beside the repository (shared/data/sigmahq)")
    cases = sorted(folder.rglob("*.evtx"))[:25]
    for path in cases:
        (event, *_) = read(path)
        text = path.with_suffix(".json").read_text(encoding="utf-8-sig")
        published = json.JSONDecoder().raw_decode(text)[0]["Event"]
        assert event["event.code"] == str(published["System"]["EventID"])
        assert event["winlog.channel"] == published["System"]["Channel"]
        data = published["EventData"]
        assert event["winlog.event_data"].keys() == {key for key, value in data.items() if value is not None}
        for key in data.keys() & {"Image", "CommandLine", "TargetFilename"}:
            field = {
                "Image": "process.executable",
                "CommandLine": "process.command_line",
                "TargetFilename": "file.path",
            }
            assert event[field[key]].strip() == data[key].strip()
