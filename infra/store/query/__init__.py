"""The query tree and its readings: Lucene text in; SQL, OpenSearch DSL and an in-memory predicate out."""

from infra.store.query.lucene import parse_lucene
from infra.store.query.predicate import compile_predicate

__all__ = ["compile_predicate", "parse_lucene"]
