"""Weights from batches: recipe, schedule, optimiser, the loop, and transfer from a frozen backbone."""
