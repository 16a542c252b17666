"""Train: corpus → run folder."""
