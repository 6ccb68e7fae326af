"""The trust list: which authorities the site accepts, for what, since when, on whose signatures.

Question: does this site recognise that authority, for this use, for this name, at that moment?
In: published, signed versions.  Out: anchors with conditions for the judge; history, so that the past is judged by
the list of the past. A foreign authority needs to do nothing to be recognised (多证书互认).
"""
