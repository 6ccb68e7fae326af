"""Two lists of the domain name the same thing: rules T and detectors B. One implementation, both ids."""

from __future__ import annotations

_SAME = {
    "T03": ("B04",),
    "T04": ("B06", "B07"),
    "T06": ("B12",),
    "T07": ("B12",),
    "T08": ("B10", "B11"),
    "T10": ("B14", "B15"),
    "T11": ("B09",),
}


def ids_of(rule: str) -> tuple[str, ...]:
    """The detectors that a rule id means: itself, where it has no other."""
    return _SAME.get(rule, (rule,))


def aliases_of(detector: str) -> list[str]:
    """The rule ids that mean this detector too."""
    return [rule for rule, same in _SAME.items() if detector in same]
