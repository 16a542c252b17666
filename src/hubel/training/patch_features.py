"""Features that are learned from the images alone, in seconds and without a framework: what small patches look like.

Patches of the corpus are whitened and sorted into kinds; an image is described by how much of each kind each of its
quarters holds, and by its colours. No label takes part.

Source: Coates, Ng & Lee 2011, An Analysis of Single-Layer Networks in Unsupervised Feature Learning, AISTATS.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.cluster import MiniBatchKMeans

from hubel.arrays import Features, Images
from hubel.random_streams import stream

KINDS = 200
PATCHES = 20_000
"""Patches that the kinds are learned from."""
CONTRAST, WHITENING = 10.0, 0.1
"""Added to variances, against noise in patches without contrast; as in the source."""
COLOUR_CELLS = 4


@dataclass(frozen=True)
class PatchKinds:
    """What was learned of a corpus' patches.

    Args:
        side: pixels of a patch.
        stride: pixels between the patches of one image.
        mean, whitening: of flattened patches.
        centres: one row for each kind.
    """

    side: int
    stride: int
    mean: np.ndarray
    whitening: np.ndarray
    centres: np.ndarray


def learn_patch_kinds(images: Images, *, seed: int) -> PatchKinds:
    """Sort patches of some images into kinds.

    Args:
        images: uint8 [images, height, width, 3], with sides of 4 pixels and more.
        seed: of the patches and the sorting.
    """
    rng = stream("patch kinds", seed)
    height, width = images.shape[1:3]
    side = 6 if min(height, width) >= 16 else 3
    places = rng.integers(0, (len(images), height - side + 1, width - side + 1), (PATCHES, 3))
    patches = np.stack([images[k, y : y + side, x : x + side].reshape(-1) for k, y, x in places])
    patches = _normalised(patches.astype(np.float32))
    mean = patches.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(patches - mean, rowvar=False))
    whitening = ((vectors / np.sqrt(np.maximum(values, 0) + WHITENING)) @ vectors.T).astype(np.float32)
    sorter = MiniBatchKMeans(KINDS, batch_size=2048, n_init=1, max_iter=10, random_state=seed % 2**32)
    sorter.fit((patches - mean) @ whitening)
    stride = 2 if min(height, width) >= 24 else 1
    return PatchKinds(side, stride, mean, whitening, sorter.cluster_centers_.astype(np.float32))


def describe_by_patches(images: Images, kinds: PatchKinds) -> Features:
    """Features of each image: float32 [images, 4 quarters x kinds + colours].

    Args:
        images: uint8 [images, height, width, 3], as large as those the kinds were learned from.
        kinds: of `learn_patch_kinds`.
    """
    windows = sliding_window_view(images, (kinds.side, kinds.side), axis=(1, 2))[:, :: kinds.stride, :: kinds.stride]
    many, down, across = windows.shape[:3]
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(many * down * across, -1).astype(np.float32)
    patches = (_normalised(patches) - kinds.mean) @ kinds.whitening
    squared = (patches**2).sum(axis=1, keepdims=True) - 2 * patches @ kinds.centres.T + (kinds.centres**2).sum(axis=1)
    distances = np.sqrt(np.maximum(squared, 0))
    near = np.maximum(distances.mean(axis=1, keepdims=True) - distances, 0).reshape(many, down, across, -1)
    quarters = _mean_of_cells(near, 2)
    colours = _mean_of_cells(images, COLOUR_CELLS) / 255
    return np.concatenate([quarters, colours], axis=1).astype(np.float32)


def _mean_of_cells(maps: np.ndarray, across: int) -> np.ndarray:
    """Means over the cells of a grid: [images, cells x channels]."""
    means = [
        cell.mean(axis=(1, 2))
        for row in np.array_split(maps, min(across, maps.shape[1]), axis=1)
        for cell in np.array_split(row, min(across, maps.shape[2]), axis=2)
    ]
    return np.concatenate(means, axis=1)


def _normalised(patches: np.ndarray) -> np.ndarray:
    """Each patch less its mean, over its deviation."""
    patches = patches - patches.mean(axis=1, keepdims=True)
    return patches / np.sqrt(patches.var(axis=1, keepdims=True) + CONTRAST)
