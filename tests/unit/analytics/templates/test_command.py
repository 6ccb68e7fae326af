"""``analyse templates`` answers one line a line."""

from orjson import loads

from yaodun.cli import main


def test_every_line_gets_its_final_template(tmp_path, capsys) -> None:
    path = tmp_path / "a.log"
    path.write_bytes("".join(f"user {name} left\n" for name in ("ann", "bob", "cid")).encode() + b"\xff\xfe odd")
    assert main(["analyse", "templates", str(path), "--content"]) == 0
    rows = [loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["line"] for row in rows] == [1, 2, 3, 4]
    assert {row["template"] for row in rows[:3]} == {"user <*> left"}
    assert len({row["template_id"] for row in rows}) == 2


def test_summary_counts(tmp_path, capsys) -> None:
    path = tmp_path / "a.log"
    path.write_text("a 1\na 2\nb\n")
    main(["analyse", "templates", str(path), "--summary"])
    rows = [loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["template"], row["count"]) for row in rows] == [("a <*>", 2), ("b", 1)]


def test_a_missing_file_is_wrong_use(capsys) -> None:
    assert main(["analyse", "templates", "/nowhere/x.log"]) == 2
    assert "/nowhere/x.log" in capsys.readouterr().err
