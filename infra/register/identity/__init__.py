"""One identity per asset: many sources see the same device under many names; this says which sightings are one asset.

In: observations (keys and attributes, at a time, by a source).  Out: the asset of each, address leases as intervals,
attributes with source and last seen, and findings: unknown, changed, cloned, vanished.
"""

from infra.register.identity.book import AssetBook
from infra.register.identity.observation import Observation, SightedBy

__all__ = ["AssetBook", "Observation", "SightedBy"]
