"""Rule packs: what laws, standards and forms say, as dated data instead of code.

In: YAML files, shipped and the site's own.  Out: the pack in force on a day, with version, source, confidence and hash,
so that a record can say by which rules it was computed and be computed again by others.
"""

from ops.rulepacks.loader import Packs, shipped_packs
from ops.rulepacks.pack import Confidence, Pack, PackRef

__all__ = ["Confidence", "Pack", "PackRef", "Packs", "shipped_packs"]
