"""The OpenSearch store: data streams by day, generated templates, our own bulk sender.

In: batches from the pipeline.  Out: the same pages, counts and aggregations as the embedded store, from a cluster.
"""

from infra.store.opensearch.client import Address
from infra.store.opensearch.store import OpenSearchStore, Shape

__all__ = ["Address", "OpenSearchStore", "Shape"]
