"""Measurements, by the names of the figures; ``python -m bench`` runs them and prints the table of all figures.

Each file of this folder may hold functions marked with ``@figure("name", ...)``. A function returns ``Row``s.
"""

from bench.figure import Row, figure

__all__ = ["Row", "figure"]
