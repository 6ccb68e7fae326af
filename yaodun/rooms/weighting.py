"""The weights of posture as the page reads and changes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from analytics.posture import Posture, PostureService
from analytics.posture.score import health
from analytics.posture.service import Inputs, compute
from analytics.posture.weights import Weights, settled
from dashboards.rooms import weighting as shown
from infra.text import say
from yaodun.site import Site
from yaodun.trust.weight_seal import WeightSeal


class WeightingRoom:
    """Implements ``dashboards.rooms.weighting.Weighting``."""

    def __init__(self, site: Site, posture: PostureService) -> None:
        self._posture, self._clock = posture, site.clock
        self.weights = weights_of(site)
        self.versions = self.weights.versions
        self.propose = self.weights.propose
        self.approve = self.weights.approve
        self.refuse = self.weights.refuse

    def table(self) -> tuple[int, Sequence[shown.Weighed]]:
        """The version in force and every indicator, with what it costs in the newest posture."""
        number, current = self.weights.current()
        found = self._posture.latest()
        losses = [loss for item in found.dimensions.values() for loss in item.losses] if found else []
        lost = {loss.indicator: loss.points for loss in losses if loss.indicator}
        rows = [
            shown.Weighed(
                id=item.id, name=say(f"analytics.posture.{item.id}.title"), dimension=item.dimension,
                weight=current.get(item.id, item.weight), health=health(item), lost=lost.get(item.id, 0.0),
                href=item.evidence.href,
            )
            for item in self._posture.indicators()
        ]  # fmt: skip
        return number, rows

    def effect(self, weights: Mapping[str, float]) -> shown.Effect:
        """The newest posture computed again from its stored inputs, with the weights in force and with these."""
        found = self._posture.inputs()
        now, inputs = found if found else (self._clock.now(), Inputs({}))
        number, current = self.weights.current()
        wanted = settled({**current, **weights})
        before, after = (
            compute(msgspec.structs.replace(inputs, weights=dict(used)), now)
            for used in (current if number else {}, wanted)
        )
        return shown.Effect(before=_scores(before), after=_scores(after), weights=wanted)


def weights_of(site: Site) -> Weights:
    """The versions of the site, sealed by its signer."""
    return Weights(site.records, site.access, site.clock, WeightSeal(site.home))


def _scores(found: Posture) -> dict[str, float | None]:
    return {"overall": found.overall.score, **{name.value: item.score for name, item in found.dimensions.items()}}
