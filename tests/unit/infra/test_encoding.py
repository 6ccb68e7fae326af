"""Files as people hand them over: each encoding is told by its bytes, and text comes back as it was."""

from pathlib import Path

import pytest

from infra.encoding import encoding_of

TEXT = "时间,数值\n2026-01-08 06:00:00,42\n药品追溯码,登录失败\n"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16", "utf-16-le-mark", "utf-16-be-mark"]
)
def test_text_comes_back_as_it_was(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    marks = {"utf-16-le-mark": (b"\xff\xfe", "utf-16-le"), "utf-16-be-mark": (b"\xfe\xff", "utf-16-be")}
    mark, plain = marks.get(encoding, (b"", encoding))
    path.write_bytes(mark + TEXT.encode(plain))
    assert path.read_text(encoding=encoding_of(path)) == TEXT


def test_a_character_across_two_chunks_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(b"x" * ((1 << 20) - 1) + "药".encode())
    assert encoding_of(path) == "utf-8"
    path.write_bytes(b"x" + "药".encode()[:2])
    assert encoding_of(path) == "gb18030"
