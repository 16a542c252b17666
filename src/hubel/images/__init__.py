"""Pixels: decoding and preprocessing, the same in training, predicting and serving. No framework."""
