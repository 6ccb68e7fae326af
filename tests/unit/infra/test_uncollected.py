"""The collector of cycles rests, and is afterwards as it was."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from infra.uncollected import uncollected


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    yield
    gc.enable()


def failing() -> None:
    with uncollected():
        assert not gc.isenabled()
        raise KeyError


def test_it_rests_until_the_end_even_of_what_fails() -> None:
    with pytest.raises(KeyError):
        failing()
    assert gc.isenabled()


def test_where_it_rested_before_it_goes_on_resting() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()
