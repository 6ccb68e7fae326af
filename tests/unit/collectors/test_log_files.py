"""Following files: every line once, through rotation, truncation, restarts and lines that are still being written."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from collectors.parsers.shipped import ShippedParsers
from collectors.places import Places
from collectors.sources.followed_file import FollowedFile
from collectors.sources.log_files import LogFilesSource
from collectors.sources.reporting import Host
from collectors.sources.seams import SourceState
from infra.spool import Limits, SpoolReader, SpoolWriter
from tests.unit.collectors.test_agent_delivery import until

HOST = Host("h1", "")


class Following:
    """A source over a real spool; may be started again as after a crash."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "app.log"
        self.spool = folder / "spool"

    @contextlib.asynccontextmanager
    async def running(self, *, save: bool = True) -> AsyncIterator[LogFilesSource]:
        writer = SpoolWriter(self.spool, Limits(total=64 << 20, segment=4 << 20, reserve=0))
        places = Places(writer, self.spool, self.folder / "places.json")
        source = LogFilesSource(
            HOST, places, [str(self.folder / "*.log")], from_start=True, look_s=0.01, discover_s=0.1
        )
        task = asyncio.create_task(source.run(places))
        try:
            yield source
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await places.settle()
            if save:
                places.save()
            writer.close()

    def lines(self) -> list[str]:
        reader = SpoolReader(self.spool)
        found: list[str] = []
        while taken := reader.read():
            for frame, _ in taken:
                answer = ShippedParsers().parse(frame)
                assert sum(each.records for each in answer) == frame.count
                found += [each.document["event.original"] for each in answer]  # type: ignore[union-attr]
        reader.close()
        return found

    def write(self, *lines: str) -> None:
        with self.log.open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    async def until_lines(self, *lines: str) -> None:
        try:
            await until(lambda: len(self.lines()) >= len(lines), 10)
        finally:
            assert self.lines() == list(lines)


@pytest.fixture
def following(tmp_path: Path) -> Following:
    return Following(tmp_path)


async def test_lines_come_as_they_are_written(following: Following) -> None:
    following.write("one", "two")
    async with following.running():
        await following.until_lines("one", "two")
        following.write("three")
        await following.until_lines("one", "two", "three")


async def test_a_file_that_never_rests_does_not_hide_a_new_one(following: Following) -> None:
    following.write("one")
    other = following.folder / "new.log"
    async with following.running():
        await following.until_lines("one")
        for number in range(400):
            following.write(f"busy {number}")
            if number == 10:
                other.write_text("newcomer\n")
            await asyncio.sleep(0.005)
            if number % 40 == 39 and "newcomer" in following.lines():
                break
        assert "newcomer" in following.lines()


async def test_a_line_is_taken_when_it_is_whole(following: Following) -> None:
    following.write("one")
    with following.log.open("a") as file:
        file.write("begun")
        file.flush()
        async with following.running():
            await following.until_lines("one")
            file.write(" ended\n")
            file.flush()
            await following.until_lines("one", "begun ended")


@pytest.mark.parametrize("save", [True, False])
async def test_a_restart_goes_on_where_it_was_even_after_a_crash(following: Following, save: bool) -> None:
    following.write("one", "two")
    async with following.running(save=save):
        await following.until_lines("one", "two")
    following.write("three")
    async with following.running(save=save):
        await following.until_lines("one", "two", "three")
    async with following.running(save=save):
        following.write("four")
        await following.until_lines("one", "two", "three", "four")


async def test_rotation_by_renaming_takes_the_rest_of_the_old_file_first(following: Following) -> None:
    following.write("one")
    async with following.running():
        await following.until_lines("one")
        following.write("two")
        following.log.rename(following.folder / "app.log.1")
        following.write("three", "four")
        await following.until_lines("one", "two", "three", "four")


async def test_rotation_while_the_agent_is_away(following: Following) -> None:
    following.write("one")
    async with following.running():
        await following.until_lines("one")
    following.write("two")
    following.log.rename(following.folder / "app-1.log")
    following.write("three")
    async with following.running():
        await until(lambda: len(following.lines()) >= 3, 10)
    assert sorted(following.lines()) == ["one", "three", "two"]


async def test_rotation_by_copying_and_cutting(following: Following) -> None:
    following.write("one", "two")
    async with following.running():
        await following.until_lines("one", "two")
        os.truncate(following.log, 0)
        await asyncio.sleep(0.05)
        following.write("new")
        await following.until_lines("one", "two", "new")


async def test_cut_and_begun_with_the_same_first_line(following: Following) -> None:
    following.write("#header", "one", "two")
    async with following.running():
        await following.until_lines("#header", "one", "two")
        os.truncate(following.log, 0)
        following.write("#header", "x")
        await following.until_lines("#header", "one", "two", "#header", "x")
    identities = set()
    reader = SpoolReader(following.spool)
    while taken := reader.read():
        for frame, _ in taken:
            identities |= {each.identity for each in ShippedParsers().parse(frame)}  # type: ignore[union-attr]
    reader.close()
    assert len(identities) == 5


async def test_a_line_beyond_a_mebibyte_is_one_record_and_the_next_is_whole(following: Following) -> None:
    following.write("one", "x" * 10_000_000, "after")
    async with following.running():
        reader_seen: list[int] = []

        def counted() -> bool:
            reader_seen[:] = []
            reader = SpoolReader(following.spool)
            while taken := reader.read():
                reader_seen.extend(frame.count for frame, _ in taken)
            reader.close()
            return sum(reader_seen) >= 3

        await until(counted, 15)
    reader = SpoolReader(following.spool)
    kinds = []
    while taken := reader.read():
        kinds += [type(each).__name__ for frame, _ in taken for each in ShippedParsers().parse(frame)]
    reader.close()
    assert kinds == ["Parsed", "Refused", "Parsed"]


class NoPlaces:
    """Places of an agent that has read nothing yet."""

    def reached(self, place: str) -> str:
        return ""


def test_the_records_of_one_audit_event_stay_together(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    start = b"type=DAEMON_START msg=audit(1604996380.000:93776): op=start\n"
    head = b'type=SYSCALL msg=audit(1604996384.965:93777): arch=c000003e syscall=59 comm="dd" exe="/bin/dd"\n'
    tail = b'type=EXECVE msg=audit(1604996384.965:93777): argc=2 a0="dd" a1="if=/dev/zero"\n'
    log.write_bytes(start + head)
    file = FollowedFile(log, fresh=True)
    assert [chunk.body for chunk in file.read(NoPlaces())] == [start]  # type: ignore[arg-type]
    with log.open("ab") as more:
        more.write(tail)
    assert file.read(NoPlaces()) == []  # type: ignore[arg-type]
    assert [chunk.body for chunk in file.read(NoPlaces())] == [head + tail]  # type: ignore[arg-type]
    file.close()


async def test_a_host_without_such_files_says_so(tmp_path: Path) -> None:
    following = Following(tmp_path)
    async with following.running() as source:
        await until(lambda: source.status.state is SourceState.NOT_AVAILABLE)
        assert source.status.reason_key == "collectors.source.files.reason"
        following.write("one")


async def test_gbk_lines_keep_their_bytes(following: Following) -> None:
    following.log.write_bytes("用户登录失败：张三\n".encode("gb18030"))
    async with following.running():
        await following.until_lines("用户登录失败：张三")
