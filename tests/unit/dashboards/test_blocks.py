"""Blocks of a grid over cursors: any jump gives the rows that stand there."""

from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from dashboards.blocks import block


@settings(max_examples=60)
@given(st.integers(0, 60), st.lists(st.integers(0, 6), min_size=1, max_size=8))
async def test_any_order_of_jumps_finds_the_right_rows(total: int, jumps: list[int]) -> None:
    key, size = (uuid4().hex,), 10

    async def fetch(count: int, after: str | None) -> tuple[list[int], str | None]:
        start = int(after or 0)
        rows = list(range(total))[start : start + count]
        return rows, str(start + count) if start + count < total else None

    for jump in jumps:
        start = jump * size
        if start < max(1, total):
            assert await block(key, start, size, fetch) == list(range(total))[start : start + size]


async def test_a_known_cursor_saves_the_walk() -> None:
    asked: list[str | None] = []

    async def fetch(count: int, after: str | None) -> tuple[int, str | None]:
        asked.append(after)
        return 0, str(int(after or 0) + count)

    key = (uuid4().hex,)
    await block(key, 300, 100, fetch)
    assert asked == [None, "100", "200", "300"]
    asked.clear()
    await block(key, 300, 100, fetch)
    assert asked == ["300"]
    await block(key, 0, 100, fetch)
    asked.clear()
    await block(key, 200, 100, fetch)
    assert asked == ["100", "200"]
