"""Two hundred and more pairs of pages: every real change is told, what always changes is not."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.probes.page_parts import mask, mask_url, parts_of
from collectors.probes.tamper import PageBaseline, tampered
from tests.unit.collectors.probes.pages import Site, attacks

SITES = range(1, 31)


def baseline(site: Site) -> PageBaseline:
    """Learnt from a day of views."""
    found = PageBaseline()
    for number in range(8):
        found.learn(site.view(number))
    return found


def test_what_always_changes_is_no_change() -> None:
    false = []
    for seed in SITES:
        known = baseline(Site(seed))
        false += [(seed, n, changes) for n in range(100, 105) if (changes := known.compare(Site(seed).view(n)))]
    assert false == []


def test_every_real_change_is_told() -> None:
    missed = []
    for seed in list(SITES)[:10]:
        site = Site(seed)
        known = baseline(site)
        for name, change in attacks(site).items():
            if not known.compare(change(site.view(200))):
                missed.append((seed, name))
    assert missed == []


def test_a_single_view_is_enough_where_nothing_rotates() -> None:
    sites = [site for seed in SITES if not (site := Site(seed)).adverts]
    assert len(sites) > 5
    for site in sites:
        assert tampered([site.view(1)], site.view(2)) == []
        for name, change in attacks(site).items():
            assert tampered([site.view(1)], change(site.view(2))), name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("今天是2026年11月5日 星期四", "今天是2026年12月25日 星期五"),
        ("总访问量:1,234,567", "总访问量:9"),
        ("3 minutes ago", "59 minutes ago"),
        ("Wed, 25 Nov 2026 03:00:01 GMT", "Thu, 26 Nov 2026 14:20:59 GMT"),
        ("id 550e8400-e29b-41d4-a716-446655440000", "id 00000000-e29b-41d4-a716-446655449999"),
        ("本页浏览 12 次", "本页浏览 98765 次"),
    ],
)
def test_masks(one: str, other: str) -> None:
    assert mask(one) == mask(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("国药准字H20240021", "国药准字H20240022"),
        ("010-88888888", "010-88888889"),
        ("¥ 128", "¥ 12.8"),
        ("有效", "无效"),
    ],
)
def test_what_matters_is_not_masked(one: str, other: str) -> None:
    assert mask(one) != mask(other)


def test_addresses() -> None:
    assert mask_url("/a.js?v=1&id=7") == mask_url("/a.js?id=7&v=22")
    assert mask_url("/a.js?id=7") != mask_url("/a.js?id=8")
    assert mask_url("/x;jsessionid=AB12?y=1") == "/x?y=1"
    assert mask_url("javascript:alert(1)") != mask_url("javascript:alert(2)")


@given(st.text(alphabet="<>ab/ =\"'!-script&;\n", max_size=300))
def test_no_page_breaks_it(page: str) -> None:
    assert tampered([page], page) == []


def test_a_hostile_page_is_bounded() -> None:
    began = time.process_time()
    for page in ("<div>" * 20_000, "<a href='" + "a" * 500_000, "1" * 500_000, "<!--" * 5_000, "a1B" * 200_000):
        parts_of(page)
    assert time.process_time() - began < 20
