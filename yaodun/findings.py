"""What the register finds out about assets, as signals: unknown devices, clones, changed identity."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from infra.events import Signal, Why
from infra.exchange import Dimension, Level
from infra.ids import stable_id
from infra.register.identity.known import Finding

LEARN_S = 24 * 3600.0
"""In the first day of a site every device is new; none of them is told."""
_TOLD = {
    "unknown": ("platform.asset-unknown", "A device nobody knew", Level.LOW),
    "cloned": ("platform.asset-cloned", "Two machines with one machine id", Level.MEDIUM),
    "changed": ("platform.asset-changed", "The identity of an asset changed", Level.LOW),
    "vanished": ("platform.asset-vanished", "An asset is not seen any more", Level.MEDIUM),
}
_IDENTITY = ("machine_id", "serial", "instance_id")


def finding_signals(findings: Iterable[Finding], begun: float) -> list[Signal]:
    """One signal per finding that a person may act on; ``begun`` is when the site's first asset was found."""
    return [_signal(each) for each in findings if _worth(each, begun)]


def _worth(finding: Finding, begun: float) -> bool:
    if finding.what == "unknown":
        return finding.at - begun > LEARN_S
    return finding.what in _TOLD and (finding.what != "changed" or finding.key in _IDENTITY)


def _signal(finding: Finding) -> Signal:
    rule, name, level = _TOLD[finding.what]
    return Signal(
        id=stable_id(rule, finding.asset, finding.key, finding.after, str(int(finding.at))),
        time=datetime.fromtimestamp(finding.at, UTC), rule_id=rule, rule_name=name, detector="platform", level=level,
        event_ids=(), entity_type="asset", entity_value=finding.asset, asset=finding.asset, author="Yaodun",
        why=(Why(finding.key or "asset", finding.after or finding.asset, finding.before or "not known before"),),
        dimension=Dimension.INFRASTRUCTURE,
    )  # fmt: skip
