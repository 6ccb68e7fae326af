"""Posture (态势): one explained score for business, data and infrastructure security.

Question: how secure are we in each dimension, which named things cost which points, and how sure is the number?
In: indicators and pressures of every room.  Out: scores with bands, coverage and a waterfall that adds up.
"""

from analytics.posture.score import DimensionScore, Gate, Loss, LossKind, Posture, Pressure, assess
from analytics.posture.seams import GateSource, IndicatorSource, PressureSource
from analytics.posture.service import PostureService

__all__ = [
    "DimensionScore",
    "Gate",
    "GateSource",
    "IndicatorSource",
    "Loss",
    "LossKind",
    "Posture",
    "PostureService",
    "Pressure",
    "PressureSource",
    "assess",
]
