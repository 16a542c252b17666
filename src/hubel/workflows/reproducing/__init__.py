"""Reproduce: repeat a run, and say whether the result is the same."""
