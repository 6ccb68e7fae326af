"""Blobs: write-once files named after their content (evidence, attachments, reports, models)."""
