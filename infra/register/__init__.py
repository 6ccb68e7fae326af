"""The register: units, business systems and assets; every host, alert, certificate and score hangs on one of them.

In: declared units and systems, sighted assets.  Out: the owner, system and dimension of an event.
"""

from infra.register.nouns import Address, AddressKind, Asset, State, System, Unit
from infra.register.register import Register
from infra.register.resolver import Resolver
from infra.register.sighting import Sighting

__all__ = ["Address", "AddressKind", "Asset", "Register", "Resolver", "Sighting", "State", "System", "Unit"]
