"""Lines of one statement are one template; lines of different outcome never are."""

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.templates import miner as module
from analytics.templates.header import content
from analytics.templates.miner import Miner
from analytics.templates.tokens import ANY, MOST_TOKENS, Tokens

LOGHUB = Path(os.environ.get("YAODUN_DATA", Path(__file__).parents[5] / "shared" / "data")) / "loghub"


def groups(lines: list[str]) -> list[int]:
    miner = Miner()
    taken = [miner.take(line) for line in lines]
    return [miner.current(template).id for template in taken]


def accuracy(found: list[int], truth: list[str]) -> float:
    """Grouping accuracy: share of lines whose group holds exactly the lines of their true group."""

    def sets(labels: list) -> dict:
        members: dict = {}
        for index, label in enumerate(labels):
            members.setdefault(label, set()).add(index)
        return members

    true = {frozenset(lines) for lines in sets(truth).values()}
    return sum(len(lines) for lines in sets(found).values() if frozenset(lines) in true) / len(truth)


def test_numbers_paths_and_addresses_vary() -> None:
    ids = groups([f"accepted 10.0.0.{i} port {4000 + i} for /srv/a{i}/b by 0x{i:04x}" for i in range(50)])
    assert len(set(ids)) == 1


def test_words_that_vary_become_a_place_holder_and_the_id_stays() -> None:
    miner = Miner()
    first = miner.take("session opened for user cyrus by root")
    for name in ("news", "test", "guest"):
        miner.take(f"session opened for user {name} by root")
    now = miner.current(first)
    assert now.id == first.id == 0
    assert now.text == "session opened for user <*> by root"
    assert now.count == 4
    assert [t.text for t in miner.templates()] == [now.text]


def test_outcomes_are_never_merged() -> None:
    words = ("accepted", "rejected", "failed", "denied", "blocked")
    assert len(set(groups([f"password {word} for root" for word in words] * 3))) == len(words)


def test_han_runs_are_cut_where_names_vary_and_outcomes_stay_apart() -> None:
    lines = []
    for name in ("张三", "李四", "王小五", "赵六", "zhang3", "欧阳七八"):
        lines += [f"用户{name}登录失败，原因：密码错误", f"用户{name}登录成功"]
    miner = Miner()
    taken = [miner.take(line) for line in lines]
    texts = {miner.current(template).text for template in taken}
    assert texts == {"用户 <*> 登录失败，原因：密码错误", "用户 <*> 登录成功"}


def test_lists_of_any_length_are_one_place() -> None:
    lines = ["delete blocks " + " ".join(f"blk_{i}" for i in range(n)) for n in (1, 3, 9)]
    assert len(set(groups(lines))) == 1


def test_syslog_header_is_taken_off() -> None:
    assert content("Dec 10 06:55:46 LabSZ sshd[24200]: Invalid user x") == "sshd: Invalid user x"
    assert content("2026-11-18T06:21:07Z host app[1]: hello") == "app: hello"
    assert content("no header here") == "no header here"


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=40))
def test_any_text_gets_a_template_and_equal_lines_the_same(lines: list[str]) -> None:
    ids = groups(lines + lines)
    assert ids[: len(lines)] == ids[len(lines) :]


def test_a_line_of_a_megabyte_is_bounded() -> None:
    assert len(Tokens().skeleton("a b " * 300_000)) <= MOST_TOKENS
    assert Tokens().skeleton("7 " * 5) == (ANY,)


def test_memory_is_bounded_by_the_number_of_skeletons(monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_SKELETONS", 50)
    miner = Miner()
    letters = "abcdefghij"
    for i in range(1000):
        word = "".join(letters[int(digit)] for digit in f"{i:03d}")
        miner.take(f"start{word} x y{word} z{word}")
    assert len(miner._known) < 50 + 1000 + 1
    assert sum(template.count for template in miner.templates()) == 1000


@pytest.mark.skipif(not LOGHUB.is_dir(), reason="loghub is absent: put it at ../shared/data/loghub or set YAODUN_DATA")
def test_grouping_accuracy_on_loghub_with_one_setting() -> None:
    scores = []
    for folder in sorted(LOGHUB.iterdir()):
        with (folder / f"{folder.name}_2k.log_structured.csv").open(encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        scores.append(accuracy(groups([row["Content"] for row in rows]), [row["EventId"] for row in rows]))
    assert sum(scores) / len(scores) >= 0.87
