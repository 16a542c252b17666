"""One corpus format per file; catalogue.py holds `read_corpus`."""
