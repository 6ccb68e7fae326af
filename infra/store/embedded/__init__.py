"""The embedded store: Parquet segments in day folders, a SQLite manifest, DuckDB for answers.

In: batches from the pipeline.  Out: pages, counts and aggregations, in any process of this machine.
"""

from infra.store.embedded.engine import Leash
from infra.store.embedded.store import EmbeddedStore

__all__ = ["EmbeddedStore", "Leash"]
