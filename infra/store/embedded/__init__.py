"""The embedded store: Parquet segments in day folders, a SQLite manifest, DuckDB for answers."""
