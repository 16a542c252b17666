"""A first layer that begins with what the images themselves say."""

from __future__ import annotations

from typing import Any

import numpy as np

from hubel.arrays import Images


def whiten(layer: Any, images: Images) -> None:
    """Give a first convolution the kernels of `whitening_kernel`, and no bias; kernels beyond these stay as they are.

    Args:
        layer: a convolution of Keras on three channels, with a bias.
        images: uint8 [examples, height, width, 3], a few hundred of the training split.
    """
    kernel, bias = layer.get_weights()
    found = whitening_kernel(images, kernel_size=layer.kernel_size[0], filters=layer.filters)
    kernel[..., : found.shape[-1]] = found
    layer.set_weights([kernel, np.zeros_like(bias)])


def whitening_kernel(images: Images, *, kernel_size: int, filters: int) -> np.ndarray:
    """Kernels that turn patches of these images into uncorrelated values of equal size, each with both signs.

    A first layer that starts there need not learn it; on CIFAR-10 that is worth more than a point.

    Args:
        images: uint8 [examples, height, width, 3], a few hundred of the training split.
        kernel_size: height and width of a patch.
        filters: how many are wanted.

    Returns:
        float32 [kernel_size, kernel_size, 3, filters] for pixels scaled to about -2 to 2; no more filters than twice
        the numbers in a patch.

    Source: Page 2019, "How to train your ResNet 8"; Jordan 2024, arXiv:2404.00498, section 3.2.
    """
    pixels = images.astype(np.float32) / 63.75 - 2
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (kernel_size, kernel_size), (1, 2))
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel_size * kernel_size * 3)
    step = max(1, len(patches) // 100_000)
    values, vectors = np.linalg.eigh(np.cov(patches[::step].T))
    half = min(-(-filters // 2), len(values))
    directions = (vectors / np.sqrt(values + 1e-2))[:, ::-1][:, :half]  # largest variance first
    kernel = directions.reshape(kernel_size, kernel_size, 3, half)
    return np.concatenate([kernel, -kernel], axis=-1)[..., :filters].astype(np.float32)
