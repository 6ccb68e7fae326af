"""The register of cryptography in use and its assessment (密评, GB/T 39786-2021)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any

import msgspec

from ops.rulepacks import Pack


class Layer(StrEnum):
    """Layers the standard asks about."""

    PHYSICAL = "physical"
    NETWORK = "network"
    DEVICE = "device"
    APPLICATION = "application"
    MANAGEMENT = "management"


class CryptoUse(msgspec.Struct, frozen=True, kw_only=True):
    """One use: where, for what, with which algorithms and key.

    ``module_certificate`` is the certificate number of the module that holds the key; empty means software that is not
    certified, which is said so and never scored as certified.
    """

    id: str
    layer: Layer
    purpose: str
    algorithms: tuple[str, ...]
    key: str = ""
    endpoint: str = ""
    module_certificate: str = ""
    effective: bool = True
    source: str = ""


class Assessed(msgspec.Struct, frozen=True):
    """A use with D (used effectively), A (algorithms approved), K (keys in a certified module) and its credit."""

    use: CryptoUse
    effective: bool
    approved: bool
    certified: bool
    credit: float
    note_key: str


class Assessment(msgspec.Struct, frozen=True):
    """Score of 100 over the layers that have uses, the weakest uses first; layers without one are listed."""

    score: float
    passes: bool
    uses: tuple[Assessed, ...]
    layers: dict[Layer, float]
    unseen: tuple[Layer, ...]
    assumption: str


_CERTIFICATE = re.compile(r"GM\d{9,12}|SXH\d{6,}")


def assess_use(use: CryptoUse, pack: Pack) -> Assessed:
    """D, A and K of one use. A key in uncertified software never reaches full credit."""
    content = pack.content
    approved = bool(use.algorithms) and all(_approved(name, content["approved"]) for name in use.algorithms)
    certified = bool(_CERTIFICATE.fullmatch(use.module_certificate))
    mark = ("D" + "A" * approved + "K" * certified) if use.effective else "none"
    note = "ops.evaluation.crypto.certified" if certified else "ops.evaluation.crypto.software"
    return Assessed(use, use.effective, approved, certified, content["credits"][mark], note)


def _approved(name: str, approved: list[str]) -> bool:
    return any(re.match(rf"{algorithm}(?![0-9])", name.upper()) for algorithm in approved)


def assess(uses: Iterable[CryptoUse], pack: Pack) -> Assessment:
    """The assessment of all uses; layers without a known use count nothing and are named."""
    judged = [assess_use(use, pack) for use in uses]
    layers = {}
    for layer in Layer:
        mine = [each.credit for each in judged if each.use.layer is layer]
        if mine:
            layers[layer] = sum(mine) / len(mine)
    reached = sum(pack.content["layers"][layer]["weight"] * credit for layer, credit in layers.items())
    unseen = tuple(layer for layer in Layer if layer not in layers)
    ordered = tuple(sorted(judged, key=lambda each: (each.credit, each.use.id)))
    passes = reached >= pack.content["pass_score"]
    return Assessment(round(reached, 2), passes, ordered, layers, unseen, str(pack.confidence))


_SUITE = re.compile(r"SM[234]|ZUC|AES|RSA|ECDSA|ECDHE|SHA(?:1|224|256|384|512)?|MD5|DES|RC4|CHACHA20", re.IGNORECASE)


def use_of_tls(event: Mapping[str, Any]) -> CryptoUse | None:
    """The use a TLS or TLCP handshake seen on the wire shows; None where the event names no cipher suite."""
    suite = event.get("tls.cipher")
    server = event.get("destination.address") or event.get("destination.ip")
    if not isinstance(suite, str) or not server:
        return None
    names = tuple(dict.fromkeys(name.upper() for name in _SUITE.findall(suite)))
    endpoint = f"{server}:{event.get('destination.port', '')}"
    protocol = f"{event.get('tls.version_protocol', 'tls')} {event.get('tls.version', '')}".strip()
    return CryptoUse(
        id=f"wire/{endpoint}/{suite}", layer=Layer.NETWORK, purpose=protocol, algorithms=names or (suite,),
        endpoint=endpoint, source="wire",
    )  # fmt: skip
