"""The register: units, business systems and assets; every host, alert, certificate and score hangs on one of them.

In: declared units and systems, sighted assets.  Out: the owner, system and dimension of an event.
"""
