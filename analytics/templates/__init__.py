"""Which kinds of log line does a source write, and which kind is new, gone, or suddenly frequent?

In: raw lines (headers taken off or not), one setting for every source.
Out: a template and a stable id per line; signals for new, vanished and count-anomalous templates.
"""
