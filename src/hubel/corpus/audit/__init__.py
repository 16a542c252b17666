"""What is wrong with a corpus: one check per file; catalogue.py holds `CHECKS`."""
