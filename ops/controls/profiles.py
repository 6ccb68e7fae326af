"""The profile an object is evaluated with, made from its grading and the assets the register holds of it."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from infra.register import Asset
from ops.controls.board import Profile
from ops.controls.catalogue import Extension
from ops.grading.objects import ObjectKind
from ops.grading.service import KeptGrading

EXTENSION_OF = {
    ObjectKind.CLOUD_PLATFORM: Extension.CLOUD, ObjectKind.CLOUD_TENANT: Extension.CLOUD,
    ObjectKind.IOT: Extension.IOT, ObjectKind.MOBILE: Extension.MOBILE, ObjectKind.ICS: Extension.ICS,
    ObjectKind.BIGDATA_PLATFORM: Extension.BIGDATA, ObjectKind.BIGDATA_APPLICATION: Extension.BIGDATA,
}  # fmt: skip
CLASS_OF = {
    "host": "host", "server": "host", "database": "host", "vm": "host", "workstation": "host", "container": "host",
    "firewall": "firewall", "gateway": "firewall", "switch": "network_device", "router": "network_device",
    "network": "network_device", "network_device": "network_device", "wireless": "network_device", "room": "room",
    "machine_room": "room",
}  # fmt: skip
"""Class of the rules by kind of the register; other kinds have no rules of their own."""
HIGHEST = 4


def profile_of(kept: KeptGrading, assets: Sequence[Asset], earlier: Profile | None = None) -> Profile:
    """The profile at the levels of ``kept``; what people set on an earlier profile stays."""
    classes = {asset.id: CLASS_OF[asset.kind] for asset in assets if asset.kind in CLASS_OF}
    extension = EXTENSION_OF.get(kept.thing.kind)
    base = earlier or Profile(id=kept.object_id, s=1, a=1)
    extensions = base.extensions or ((extension,) if extension else ())
    return msgspec.structs.replace(
        base, name=kept.thing.name, unit=kept.unit, s=min(kept.s, HIGHEST), a=min(kept.a, HIGHEST),
        extensions=extensions, assets={**base.assets, **classes},
    )  # fmt: skip
