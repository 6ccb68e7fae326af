"""Blobs: write-once files named after their content (evidence, attachments, reports, models).

In: bytes.  Out: their name (SHA-256), SM3 and size; the same bytes again, or an error that says they were altered.
"""

from infra.blobs.blob import Blob, BlobStore
from infra.blobs.folder import FolderBlobs

__all__ = ["Blob", "BlobStore", "FolderBlobs"]
