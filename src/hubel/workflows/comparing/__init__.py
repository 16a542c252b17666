"""Compare: variants trained on one split with one budget → verdicts."""
