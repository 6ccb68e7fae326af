"""Documents: Word files from templates a site may replace, and safe reading of Office files people send in.

In: a template and values, or a file from outside.  Out: docx bytes, or a document whose size was checked first.
"""
