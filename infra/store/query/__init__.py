"""The query tree and its readings: Lucene text in; SQL, OpenSearch DSL and an in-memory predicate out."""
