"""Judging a whole table: columns to numbers, an ensemble, and reasons in the words of the file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.anomaly.columns import Column, encode
from analytics.anomaly.detector import Floats
from analytics.anomaly.ensemble import Ensemble, Tier
from analytics.anomaly.explain import Reason, Usual, explain
from analytics.anomaly.table_file import Table

EXPLAINED = 0.05
"""Rows rarer than this are always explained."""
_CELLS_EXPLAINED = 1_000_000
"""All rows are explained where rows times features stay below this."""


@dataclass(frozen=True, slots=True)
class TableModel:
    """A fitted table: its columns, what is usual, and the ensemble."""

    columns: tuple[Column, ...]
    usual: Usual
    ensemble: Ensemble

    @classmethod
    def fit(cls, table: Table, tier: Tier = Tier.DEEP, seed: int = 0) -> TableModel:
        """Learns what is usual in ``table``."""
        pairs = zip(table.names, table.columns, strict=True)
        columns = tuple(Column.fit(name, cells) for name, cells in pairs)
        rows = encode(columns, table.columns)
        return cls(columns, Usual.fit(rows), Ensemble.fit(rows, tier, seed))

    def judge(self, table: Table) -> Iterator[dict[str, Any]]:
        """One answer a row: ``row`` from 0, ``score``, ``p``, ``reasons``."""
        rows = encode(self.columns, table.columns)
        scores = self.ensemble.score(rows)
        chances = self.ensemble.p(scores)
        everything = rows.size <= _CELLS_EXPLAINED
        names = [column.name for column in self.columns]
        for row in range(len(rows)):
            wanted = everything or chances[row] <= EXPLAINED
            found = explain(self.ensemble.score, self.usual, rows[row : row + 1], names)[0] if wanted else ()
            yield {
                "row": row,
                "score": round(float(scores[row]), 6),
                "p": float(f"{chances[row]:.6g}"),
                "reasons": [self._say(reason, table, row) for reason in found],
            }

    def _say(self, reason: Reason, table: Table, row: int) -> dict[str, Any]:
        index = table.names.index(reason.feature)
        column = self.columns[index]
        usual: float | str = column.usual_word if column.rarity is not None else reason.usual
        percentile = None if np.isnan(reason.percentile) else round(reason.percentile, 2)
        return {
            "feature": reason.feature,
            "value": column.shown(table.columns[index][row]),
            "usual": usual,
            "percentile": percentile,
            "drop": round(reason.drop, 4),
        }


def matrix_model(rows: Floats, names: Sequence[str], tier: Tier, seed: int = 0) -> TableModel:
    """A model of plain numbers (entity vectors), with names for the reasons."""
    columns = tuple(Column(name, None, "", 0.0) for name in names)
    return TableModel(columns, Usual.fit(rows), Ensemble.fit(rows, tier, seed))
