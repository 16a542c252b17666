"""The names of pixel scales. They need no NumPy, so that help is quick."""

from __future__ import annotations

PIXEL_NAMES = ("0..255", "0..1", "-1..1", "caffe", "torch")
