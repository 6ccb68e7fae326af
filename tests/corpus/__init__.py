"""Records written from known values after each format's published description: what the parsers are judged by."""
