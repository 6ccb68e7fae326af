"""A system owner grades, accepts what the platform offers, attaches, has it reviewed and hands a package in."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Page, expect

from ops.filing.exchange import from_package, read_package
from ops.filing.sealing import Sealed
from tests.browser.chromium import Watched, chromium
from tests.browser.fake_graded import own_seal
from tests.unit.ops.filing.forms import FORM

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture
def owner(site: Callable[[str], str]) -> Iterator[Watched]:
    """The pages of graded protection in English."""
    with chromium(site("full"), language="en") as watched:
        yield watched


def test_ticks_show_both_matrices_at_once_and_where_they_disagree(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/grade?object=sharing")
    result = page.locator(".grade-row > div").nth(1)
    expect(result).to_contain_text("no harm is ticked")
    newest = page.locator(".matrix-box", has_text="Matrix 2025").first
    newest.get_by_role("checkbox", name=re.compile("National or regional.*General")).click()
    expect(page.locator(".number.decides")).to_contain_text("S4")
    page.locator(".card", has_text="System service").locator("a.grade-tick").nth(4).click()
    expect(result).to_contain_text("S4A3G4")
    expect(result).to_contain_text("S3A3G3")
    expect(result).to_contain_text("matrices disagree")
    owner.clean()


def test_a_value_is_accepted_and_says_where_it_came_from_and_who_took_it(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/trace?table=T2")
    row = page.locator("tr.form-row", has_text="Service scope")
    expect(row).to_contain_text("register")
    row.get_by_role("button", name="Accept").click()
    expect(page.locator("#notices")).to_contain_text("Accepted 1")
    expect(row.locator(".by")).to_be_visible()
    page.locator("tr.form-row", has_text="Business description").get_by_role("link", name="Fill").click()
    page.locator("form.inline input[name=value]").fill("记录药品流向")
    page.locator("form.inline button[type=submit]").click()
    expect(page.locator("tr.form-row", has_text="Business description")).to_contain_text("记录药品流向")
    owner.clean()


def test_an_item_leads_to_the_fact_that_decided_it(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/controls")
    page.locator(".heatmap a.verdict-cell.medium").first.click()
    expect(page.locator(".point.on")).to_be_visible()
    page.locator(".point-list a.verdict-cell.medium").first.click()
    expect(page.locator(".need-row").first).to_contain_text("fails")
    expect(page.locator(".need-row .mono").first).to_have_text(re.compile(r"^[0-9a-f]{8}…[0-9a-f]{4}$"))
    owner.clean()


def test_a_mended_finding_is_tested_again_by_another_person(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing/findings")
    page.locator("a.ticket", has_text="99999").click()
    page.get_by_role("button", name="Re-test passed").click()
    page.fill("#dialog-finding-retest_passed textarea", "chage -l shows 90")
    page.locator("#dialog-finding-retest_passed button[type=submit]").click()
    expect(page.locator(".board .card", has_text="Closed").locator(".ticket", has_text="99999")).to_be_visible()
    owner.clean()


@pytest.mark.timeout(480)
def test_a_new_system_is_registered_graded_reviewed_filed_and_exported(
    site: Callable[[str], str], tmp_path: Path
) -> None:
    """The whole way of an owner; the package a clerk gets is read back and holds what was accepted and attached."""
    with chromium(site("full"), language="en") as owner:
        page = owner.page
        register(owner)
        propose(page)
        review_grading(owner)
        owner.open("/ui/filing")
        page.locator("tr", has_text="检验检测系统").get_by_role("button", name="Open filing").click()
        page.wait_for_url("**/ui/filing/lab")
        for table in ("T1", "T2", "T4"):
            owner.open(f"/ui/filing/lab?table={table}")
            page.get_by_role("button", name=re.compile("Accept all")).click()
            expect(page.locator("#notices")).to_contain_text("Accepted")
            expect(page.locator(".table-link.on")).not_to_contain_text("0 %", timeout=120_000)
        attach(page, tmp_path)
        bring_back(owner, tmp_path)
        page.get_by_role("button", name="Finish the form").click()
        expect(page.locator(".way li.on")).to_contain_text("graded")
        review_filing(owner)
        owner.open("/ui/filing/lab")
        expect(page.locator(".way li.on")).to_contain_text("reviewed")
        with page.expect_download() as caught:
            page.get_by_role("link", name="Sealed package").click()
        caught.value.save_as(tmp_path / "package.zip")
        owner.clean()
    raw = (tmp_path / "package.zip").read_bytes()
    assert read_package(raw, FORM, "package.zip", own_seal(tmp_path)).sealed is Sealed.OTHER
    document, files = from_package(raw, FORM, "package.zip")
    assert document.sheet("T3", "lab").value("s_harm") == ("P2",)
    assert document.sheet("T2", "lab").entries["object_types"].by == "u-analyst"
    assert list(files.values()) == [b"%PDF opinion"]
    opened_by_office(tmp_path)


def register(owner: Watched) -> None:
    page = owner.page
    owner.open("/ui/filing")
    page.keyboard.press("n")
    for name, value in (("name", "检验检测系统"), ("system", "lab"), ("unit", "regulator"), ("unit_code", "100000")):
        page.fill(f"#dialog-register input[name={name}]", value)
    page.locator("#dialog-register button[type=submit]").click()
    page.wait_for_url("**/ui/filing/grade?object=lab")


def propose(page: Page) -> None:
    for place, title in enumerate(("Business information", "System service")):
        side = page.locator(f"section.card[aria-label^='{title}']")
        side.get_by_role("checkbox", name=re.compile("Social order.*, Serious: level 3")).first.click()
        expect(page.locator(".grade-tick.on")).to_have_count(2 * (place + 1))
    page.keyboard.press("p")
    page.fill("#dialog-propose textarea[name=information]", "检验报告与样品信息")
    page.locator("#dialog-propose button[type=submit]").click()
    expect(page.locator("#page")).to_contain_text("S3A3G3, waits for review")
    expect(page.locator("#page")).to_contain_text("Another person has to review it")


@contextmanager
def second_person(owner: Watched) -> Iterator[Page]:
    """The same browser, signed in as somebody else."""
    owner.page.context.add_cookies([{"name": "yaodun_second", "value": "1", "url": owner.base}])
    yield owner.page
    owner.page.context.clear_cookies(name="yaodun_second")


def review_grading(owner: Watched) -> None:
    with second_person(owner) as page:
        owner.open("/ui/filing/grade?object=lab")
        page.get_by_role("button", name="Agree").click()
        page.fill("#dialog-agree textarea", "同意")
        page.locator("#dialog-agree button[type=submit]").click()
        expect(page.locator("#page")).to_contain_text("S3A3G3, reviewed")


def attach(page: Page, folder: Path) -> None:
    (folder / "opinion.pdf").write_bytes(b"%PDF opinion")
    page.goto(page.url.partition("?")[0] + "?table=T3&edit=expert_review_done")
    page.locator("form.inline label", has_text="Yes").click()
    page.locator("form.inline button[type=submit]").click()
    row = page.locator("tr.form-row", has_text="Expert review file")
    row.get_by_role("link", name="Fill").click()
    row.locator("input[type=file]").set_input_files(folder / "opinion.pdf")
    expect(page.locator("#said, #notices").first).to_be_attached()
    expect(row).to_contain_text("opinion.pdf")


def bring_back(owner: Watched, folder: Path) -> None:
    """The package as it is comes in again: the same draft, nothing changed, its seal ours."""
    page = owner.page
    with page.expect_download() as caught:
        page.get_by_role("link", name="Sealed package").click()
    caught.value.save_as(folder / "draft.zip")
    owner.open("/ui/filing")
    page.locator("label", has_text="Import a form").locator("input[type=file]").set_input_files(folder / "draft.zip")
    expect(page.locator("#notices")).to_contain_text("0 values changed", timeout=60_000)
    expect(page.locator("#notices")).to_contain_text("Its seal is ours")
    page.wait_for_url("**/ui/filing/BA-**")


def review_filing(owner: Watched) -> None:
    with second_person(owner) as page:
        owner.open("/ui/filing/lab")
        page.get_by_role("button", name="Review").click()
        page.locator("#dialog-step-review label", has_text="opinion.pdf").click()
        page.locator("#dialog-step-review button[type=submit]").click()
        expect(page.locator(".way li.on")).to_contain_text("reviewed")


def opened_by_office(folder: Path) -> None:
    """Where LibreOffice is here it opens the form and prints it; elsewhere python-docx opens it."""
    with zipfile.ZipFile(folder / "package.zip") as package:
        package.extract("form.docx", folder)
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        assert any("检验检测系统" in cell.text or "药品追溯" in cell.text for cell in cells_of(folder / "form.docx"))
        return
    words = [office, "--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / "form.docx")]
    subprocess.run(words, check=True, capture_output=True, timeout=120, env={**os.environ, "HOME": str(folder)})
    assert (folder / "form.pdf").read_bytes().startswith(b"%PDF")


def cells_of(path: Path) -> Iterator[Any]:
    for table in Document(str(path)).tables:
        for row in table.rows:
            yield from row.cells
