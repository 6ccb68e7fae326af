"""Data security (数据安全): which columns and messages hold sensitive data, and how they look when shown.

In: values of a column, or a text.  Out: kinds with confidence and shares; the same text masked. ``register`` keeps the
data assets with class and grade, ``seen`` says what the events of the business show of each data set.
"""

from analytics.datasecurity.column import ColumnVerdict, judge_column, judge_table
from analytics.datasecurity.kinds import Found, Kind, Sensitivity, find
from analytics.datasecurity.mask import mask, mask_text

__all__ = [
    "ColumnVerdict",
    "Found",
    "Kind",
    "Sensitivity",
    "find",
    "judge_column",
    "judge_table",
    "mask",
    "mask_text",
]
