"""One test file per source file, in the same folders."""
