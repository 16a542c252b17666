"""Split → batches: images decoded once to a cache, then shuffled and augmented from it."""
