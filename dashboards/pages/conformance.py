"""Conformance (对照): the functions of GB/T 42453-2023, each with the feature and the test, or "not yet"."""

from __future__ import annotations

import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files

import msgspec
from dash import html
from dash.development.base_component import Component

from dashboards.design.elements import Content, card, cells, link, severity, table
from dashboards.pages.page import Page
from dashboards.parts import held, part
from dashboards.visit import Visit, address
from dashboards.words import t

LEVELS = {"met": "normal", "part": "medium", "none": "unknown"}


class Leaf(msgspec.Struct, frozen=True):
    """One function of the standard: its number, the key of its words, how far it is met, page and tests."""

    id: str
    name: str
    state: str
    page: str
    tests: tuple[str, ...]


@cache
def leaves() -> tuple[Leaf, ...]:
    """Every function, in the order of the standard."""
    tree = tomllib.loads(files("dashboards").joinpath("conformance.toml").read_text(encoding="utf-8"))
    return msgspec.convert(tree["leaf"], tuple[Leaf, ...])


@part("conformance.matrix")
async def matrix(visit: Visit) -> Content:
    """The table."""
    counts = Counter(leaf.state for leaf in leaves())
    hint = t("conformance.counts", **{state: counts[state] for state in LEVELS}, all=len(leaves()))
    heads = [(t(f"conformance.head_{name}"), "") for name in ("number", "function", "state", "feature", "proof")]
    rows = [_row(leaf) for leaf in leaves()]
    widths = ("64px", "160px", "100px", "auto", "400px")
    return card(t("conformance.title"), table(heads, rows, widths), hint=hint)


def _row(leaf: Leaf) -> Component:
    feature = t(f"conformance.feature.{leaf.name}")
    shown = (
        link(feature, address(leaf.page), className="rowlink") if leaf.page else html.Span(feature, className="soft")
    )
    proof = [html.Div(path, className="mono cut", title=path) for path in leaf.tests]
    return cells(
        html.Span(leaf.id, className="mono"),
        t(f"conformance.leaf.{leaf.name}"),
        severity(LEVELS[leaf.state], t(f"conformance.state_{leaf.state}")),
        (shown, "wrap"),
        proof or html.Span("—", className="quiet"),
    )


async def body(visit: Visit) -> Component:
    """The page."""
    return html.Div([await held(matrix, visit)], className="page")


PAGE = Page("conformance", "/conformance", body, (matrix,), action="overview.read", ranged=False)
