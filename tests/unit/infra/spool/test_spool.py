"""Writer and reader together, as a service uses them."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.errors import AppError, ErrorKind
from infra.events.frame import Frame
from infra.spool import Limits, SpoolPosition, SpoolReader, SpoolWriter
from infra.spool.record import HEADER_BYTES
from infra.spool.segment import segment_path, segments

SMALL = Limits(total=64 * 1024, segment=4096, pending=1 << 20, reserve=0)


def frame(number: int, source: str = "one", size: int = 20) -> Frame:
    return Frame(source, "ndjson", 1, number, str(number).encode().ljust(size, b"."))


def numbers(taken: list[tuple[Frame, SpoolPosition]]) -> list[int]:
    return [one.received_ns for one, _ in taken]


def read_all(folder: Path, position: SpoolPosition | None = None) -> list[int]:
    reader, found = SpoolReader(folder, position), []
    while taken := reader.read(max_bytes=700):
        found += numbers(taken)
    reader.close()
    return found


def be_loud(writer: SpoolWriter) -> None:
    for n in range(10_000):
        writer.append([frame(n, "loud", 1000)])


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[SpoolWriter]:
    writer = SpoolWriter(tmp_path, SMALL)
    yield writer
    writer.close()


def test_frames_come_back_whole_and_in_order_over_many_segments(tmp_path: Path, writer: SpoolWriter) -> None:
    sent = [Frame("s", "k", 3, n, b"b" * (n % 90), "10.0.0.1", f"id{n}", {"tag": "值"}) for n in range(300)]
    for start in range(0, 300, 7):
        writer.append(sent[start : start + 7])
    assert len(segments(tmp_path)) > 3
    reader = SpoolReader(tmp_path)
    found: list[Frame] = []
    while taken := reader.read(max_frames=11):
        assert len(taken) <= 11
        found += [one for one, _ in taken]
    reader.close()
    assert found == sent


def test_reading_goes_on_from_any_position(tmp_path: Path, writer: SpoolWriter) -> None:
    writer.append([frame(n) for n in range(200)])
    reader = SpoolReader(tmp_path)
    positions: list[SpoolPosition] = []
    while taken := reader.read(max_frames=1):
        positions.append(taken[0][1])
    reader.close()
    assert positions == sorted(positions)
    for count in (1, 57, 58, 199):
        assert read_all(tmp_path, positions[count - 1]) == list(range(count, 200))


def test_a_reader_follows_the_writer(tmp_path: Path, writer: SpoolWriter) -> None:
    reader = SpoolReader(tmp_path)
    assert reader.read() == []
    for n in range(150):
        writer.append([frame(n)])
        assert numbers(reader.read()) == [n]
    assert reader.lag_bytes() == 0
    reader.close()


def test_a_frame_larger_than_the_read_size_is_still_read(tmp_path: Path, writer: SpoolWriter) -> None:
    writer.append([frame(1, size=3000), frame(2)])
    reader = SpoolReader(tmp_path)
    assert numbers(reader.read(max_bytes=50)) == [1]
    assert numbers(reader.read(max_bytes=50)) == [2]
    reader.close()


def test_a_second_writer_is_refused_and_the_place_named(tmp_path: Path, writer: SpoolWriter) -> None:
    with pytest.raises(AppError, match=tmp_path.name) as refused:
        SpoolWriter(tmp_path, SMALL)
    assert refused.value.kind is ErrorKind.CONFLICT


def test_many_threads_share_syncs_and_lose_nothing(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, Limits(total=1 << 24, segment=1 << 16, reserve=0))
    gate = threading.Barrier(16)

    def send(worker: int) -> None:
        gate.wait()
        for n in range(20):
            writer.append([frame(worker * 1000 + n)])

    threads = [threading.Thread(target=send, args=(worker,)) for worker in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = writer.stats()
    writer.close()
    found = read_all(tmp_path)
    assert sorted(found) == [worker * 1000 + n for worker in range(16) for n in range(20)]
    for worker in range(16):
        own = [n for n in found if n // 1000 == worker]
        assert own == sorted(own)
    assert stats["groups"] < stats["frames"]


async def test_accept_is_durable_when_it_returns(tmp_path: Path, writer: SpoolWriter) -> None:
    await asyncio.gather(*(writer.accept([frame(n)]) for n in range(50)))
    await writer.accept([])
    assert sorted(read_all(tmp_path)) == list(range(50))


def test_closing_keeps_what_was_taken_and_refuses_more(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    writer.append([frame(1)])
    writer.close()
    writer.close()
    with pytest.raises(AppError) as refused:
        writer.append([frame(2)])
    assert refused.value.kind is ErrorKind.UNAVAILABLE
    assert read_all(tmp_path) == [1]


def test_a_restart_never_reuses_a_segment(tmp_path: Path) -> None:
    for n in range(3):
        writer = SpoolWriter(tmp_path, SMALL)
        writer.append([frame(n)])
        writer.close()
    assert read_all(tmp_path) == [0, 1, 2]
    other = tmp_path / "lost"
    writer = SpoolWriter(other, SMALL, floor=41)
    writer.append([frame(5)])
    assert read_all(other, SpoolPosition(41, 900)) == [5]
    writer.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbage=st.binary(max_size=60), cut=st.integers(0, 200))
def test_recovery_after_a_torn_tail_keeps_every_whole_frame(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("spool")
    writer = SpoolWriter(folder, SMALL)
    writer.append([frame(n) for n in range(10)])
    writer.close()
    last = segment_path(folder, segments(folder)[-1])
    data = last.read_bytes()
    each = (len(data) - HEADER_BYTES) // 10
    last.write_bytes(data[: len(data) - cut] + garbage + bytes(50))
    whole = (len(data) - cut - HEADER_BYTES) // each
    with_garbage = data[: len(data) - cut] + garbage
    if with_garbage.startswith(data[: HEADER_BYTES + (whole + 1) * each]):
        whole += 1
    writer = SpoolWriter(folder, SMALL)
    writer.append([frame(99)])
    assert read_all(folder) == [*range(min(10, whole)), 99]
    writer.close()


def test_a_reader_never_goes_beyond_what_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    writer.append([frame(1)])
    entered, go = threading.Event(), threading.Event()

    def slow_sync(file: int) -> None:
        entered.set()
        assert go.wait(10)

    monkeypatch.setattr("infra.spool.segment.os.fdatasync", slow_sync)
    sender = threading.Thread(target=writer.append, args=([frame(2)],))
    sender.start()
    assert entered.wait(10)
    assert read_all(tmp_path) == [1]
    go.set()
    sender.join()
    assert read_all(tmp_path) == [1, 2]
    writer.close()


def test_a_failed_sync_acknowledges_nothing_and_the_next_goes_to_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    writer.append([frame(1)])

    def broken(file: int) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("infra.spool.segment.os.fdatasync", broken)
        with pytest.raises(AppError) as refused:
            writer.append([frame(2)])
    assert refused.value.kind is ErrorKind.UNAVAILABLE
    assert refused.value.detail["retry_after_s"] > 0
    writer.append([frame(3)])
    assert read_all(tmp_path) == [1, 3]
    writer.close()


def test_the_disk_reserve_is_kept(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, Limits(total=1 << 20, segment=4096, reserve=1 << 60))
    with pytest.raises(AppError) as refused:
        writer.append([frame(1)])
    assert refused.value.message_key == "infra.spool_disk_full"
    assert segments(tmp_path) == []
    writer.close()


def test_a_loud_source_leaves_room_for_a_quiet_one(tmp_path: Path, writer: SpoolWriter) -> None:
    with pytest.raises(AppError) as refused:
        be_loud(writer)
    assert refused.value.kind is ErrorKind.RATE_LIMITED
    assert refused.value.detail["source"] == "loud"
    assert writer.held("loud") <= SMALL.total * 2 / 3
    writer.append([frame(1, "quiet", 1000)])
    assert writer.held("quiet") > 1000


def test_released_segments_make_room_again(tmp_path: Path, writer: SpoolWriter) -> None:
    with pytest.raises(AppError):
        be_loud(writer)
    reader = SpoolReader(tmp_path)
    while reader.read():
        pass
    assert reader.release(reader.position) > 3
    assert segments(tmp_path) == [reader.position.segment]
    reader.close()
    writer._scanned = 0.0
    writer.append([frame(1, "loud", 1000)])


def test_a_restart_remembers_who_holds_what(tmp_path: Path) -> None:
    writer = SpoolWriter(tmp_path, SMALL)
    for n in range(30):
        writer.append([frame(n, "loud", 500)])
    held = writer.held("loud")
    writer.close()
    for path in list(tmp_path.glob("*.shares"))[:2]:
        path.unlink()
    writer = SpoolWriter(tmp_path, SMALL)
    assert writer.held("loud") == pytest.approx(held, rel=0.05)
    writer.close()


def test_a_frame_no_segment_can_hold_is_refused(tmp_path: Path, writer: SpoolWriter) -> None:
    with pytest.raises(AppError) as refused:
        writer.append([frame(1, size=5000)])
    assert refused.value.kind is ErrorKind.TOO_LARGE


def test_a_stranger_in_the_folder_is_named(tmp_path: Path) -> None:
    segment_path(tmp_path, 3).write_bytes(b"not ours at all, really")
    with pytest.raises(AppError, match="0000000003"):
        SpoolWriter(tmp_path, SMALL)


def test_damage_in_the_middle_costs_one_frame_and_is_counted(tmp_path: Path, writer: SpoolWriter) -> None:
    writer.append([frame(n) for n in range(10)])
    path = segment_path(tmp_path, segments(tmp_path)[-1])
    data = bytearray(path.read_bytes())
    data[data.index(b"\n4...") if b"\n4..." in data else data.index(b"4....")] ^= 0xFF
    path.write_bytes(bytes(data))
    reader = SpoolReader(tmp_path)
    assert numbers(reader.read()) == [0, 1, 2, 3, 5, 6, 7, 8, 9]
    assert reader.damaged_bytes > 0
    reader.close()
