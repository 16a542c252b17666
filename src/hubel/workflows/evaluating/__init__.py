"""Evaluate: score a classifier on images it was not trained on."""
