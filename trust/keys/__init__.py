"""Keys: where the site's private keys are, and how they sign without being seen.

Question: which key signs, where does it lie, and who must be present before it can?
In: labels, messages, shares of the master key.  Out: public keys, signatures, custody in plain words.
A key in software is protected by uncertified software, and every report about it says so.
"""

from trust.keys.seams import Custody, KeyKind, KeyProvider, KeyRef

__all__ = ["Custody", "KeyKind", "KeyProvider", "KeyRef"]
