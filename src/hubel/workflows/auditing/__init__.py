"""Audit: what is wrong with a corpus, and which labels are doubtful."""
