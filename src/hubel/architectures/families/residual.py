"""A small residual network with a strided, whitened stem: what learns fastest from scratch on a processor."""

from __future__ import annotations

import numpy as np

from hubel.architectures.spec import ResidualSpec
from hubel.arrays import Images

SMALLEST_MAP = 4
STEM_KERNEL = 4
WIDTHS = (32, 64, 128, 192, 256, 256, 256)


def residual_spec(image_size: tuple[int, int], classes: int) -> ResidualSpec:
    """Groups until the map is 4 to 7 pixels: 3 groups at 32 pixels, 5 at 128.

    Args:
        image_size: (height, width) in pixels.
        classes: how many logits.
    """
    side = -(-min(image_size) // 2)  # after the stem, whose "same" padding rounds up
    widths = [WIDTHS[0]]
    while side // 2 >= SMALLEST_MAP and len(widths) < len(WIDTHS):
        side = -(-side // 2)
        widths.append(WIDTHS[len(widths)])
    blocks = (0,) + (1,) * (len(widths) - 1)
    return ResidualSpec(image_size, classes, 32, STEM_KERNEL, tuple(widths), blocks)


def whitening_kernel(images: Images, *, kernel_size: int, filters: int) -> np.ndarray:
    """Kernels that turn patches of these images into uncorrelated values of equal size, each with both signs.

    A first layer that starts there need not learn it; on CIFAR-10 that is worth more than a point.

    Args:
        images: uint8 [examples, height, width, 3], a few hundred of the training split.
        kernel_size: height and width of a patch.
        filters: how many; at most twice the numbers in a patch.

    Returns:
        float32 [kernel_size, kernel_size, 3, filters], for pixels scaled to about -2 to 2.

    Source: Page 2019, "How to train your ResNet 8"; Jordan 2024, arXiv:2404.00498, section 3.2.
    """
    pixels = images.astype(np.float32) / 63.75 - 2
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (kernel_size, kernel_size), (1, 2))
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(-1, kernel_size * kernel_size * 3)
    step = max(1, len(patches) // 100_000)
    values, vectors = np.linalg.eigh(np.cov(patches[::step].T))
    half = -(-filters // 2)
    directions = (vectors / np.sqrt(values + 1e-2))[:, ::-1][:, :half]  # largest variance first
    kernel = directions.reshape(kernel_size, kernel_size, 3, half)
    return np.concatenate([kernel, -kernel], axis=-1)[..., :filters].astype(np.float32)
