"""The grid: AG Grid Community with the infinite model, one request at a time, in the tokens of the house."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_ag_grid as dag
from dash.development.base_component import Component

from dashboards.words import t

LOCALE = (
    "loadingOoo", "noRowsToShow", "ariaRowSelect", "ariaRowDeselect", "ariaSkeletonCellLoading", "loadingError",
    "ariaRowToggleSelection", "ariaChecked", "ariaUnchecked", "ariaIndeterminate", "ariaDefaultListName",
)  # fmt: skip
BLOCK = 100


def grid(
    name: str, columns: Sequence[dict[str, Any]], *, row: int = 37, selectable: bool = False, label: str = ""
) -> Component:
    """A grid whose rows come from ``GRIDS[name]`` as the view moves.

    One request at a time: two blocks asked for at once share one property, and one of them would be lost.
    """
    options: dict[str, Any] = {
        "rowModelType": "infinite",
        "cacheBlockSize": BLOCK,
        "maxConcurrentDatasourceRequests": 1,
        "maxBlocksInCache": 20,
        "infiniteInitialRowCount": 1,
        "rowHeight": row,
        "headerHeight": 34,
        "suppressCellFocus": True,
        "suppressMovableColumns": True,
        "suppressDragLeaveHidesColumns": True,
        "animateRows": False,
        "localeText": {key: t(f"grid.{key}") for key in LOCALE},
        "suppressContextMenu": True,
        "suppressNoRowsOverlay": True,
    }
    if selectable:
        options["rowSelection"] = {
            "mode": "multiRow", "checkboxes": True, "headerCheckbox": False, "enableClickSelection": False,
        }  # fmt: skip
        options["selectionColumnDef"] = {"width": 36, "minWidth": 36, "maxWidth": 36}
    return dag.AgGrid(
        id={"grid": name},
        columnDefs=list(columns),
        defaultColDef={
            "sortable": False,
            "resizable": True,
            "suppressHeaderMenuButton": True,
            "suppressHeaderContextMenu": True,
        },
        rowModelType="infinite",
        dashGridOptions=options,
        getRowId="params.data.id",
        enableEnterpriseModules=False,
        className="grid",
        style={"height": "100%"},
    )


def column(
    field: str, words: str, *, width: int = 0, cell: str = "", right: bool = False, grow: int = 0
) -> dict[str, Any]:
    """A column: field, heading, fixed width or share, the cell drawing of the assets."""
    made: dict[str, Any] = {"field": field, "headerName": words}
    if width:
        made["width"] = width
    if grow:
        made |= {"flex": grow, "minWidth": 90}
    if cell:
        made["cellRenderer"] = cell
    if right:
        made |= {"cellClass": "right", "headerClass": "right"}
    return made
