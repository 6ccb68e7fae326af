"""Filing (备案): the six tables of the police filing form, from first value to certificate.

Question: what has the owner to fill in, what does the platform already know, is it right, where does the filing stand?
In: values people typed or accepted, proposals from telemetry and registers.  Out: problems per field, docx, xlsx, JSON
and a signed package, read back equal; states with who, when and file hash.
"""
