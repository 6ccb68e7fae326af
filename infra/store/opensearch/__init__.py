"""The OpenSearch store: data streams, generated templates, our own bulk sender."""
