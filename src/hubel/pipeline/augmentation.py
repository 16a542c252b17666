"""Random changes of training images: functions of (seed, epoch, index), so that any batch can be made again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hubel.arrays import ImageStore
from hubel.errors import WrongRequest
from hubel.random_streams import stream


@dataclass(frozen=True)
class Augmentation:
    """How far a training image may be changed.

    Args:
        mirror: left and right swapped in every second epoch, half of the images in each.
        shift: largest move, as a share of the image's side, 0 to 0.5.
        zoom: largest enlargement of a part, as a share, 0 to 0.9; 0.3 shows at least 70 % of each side.
        brightness: largest change of brightness and of each colour channel, as a share, 0 to 0.9.
        widen: largest reduction, as a share, 0 to 0.9; 0.3 shows up to 130 % of each side.
    """

    mirror: bool = True
    shift: float = 0.125
    zoom: float = 0.0
    brightness: float = 0.0
    widen: float = 0.0

    def __post_init__(self) -> None:
        for name, most in {"shift": 0.5, "zoom": 0.9, "brightness": 0.9, "widen": 0.9}.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise WrongRequest(f"Augmentation {name} must be a share from 0 to {most}. Received: {value!r}.")

    @property
    def changes(self) -> bool:
        """It changes anything at all."""
        return self != NONE


NONE = Augmentation(mirror=False, shift=0.0)


@dataclass(frozen=True)
class EpochDraws:
    """The random numbers of one epoch, one row for each image of the corpus."""

    mirrored: np.ndarray
    offsets: np.ndarray
    scales: np.ndarray
    gains: np.ndarray


def draw(augmentation: Augmentation, count: int, *, seed: int, epoch: int) -> EpochDraws:
    """Draw for every image of the corpus, so that an image's draw does not depend on the batch it is in.

    Args:
        augmentation: how far to go.
        count: images in the corpus.
        seed: of the run.
        epoch: 0 for the first.
    """
    rng = stream("augmentation", seed, epoch=epoch)
    first = stream("first mirroring", seed).random(count) < 0.5
    return EpochDraws(
        mirrored=(first ^ (epoch % 2 == 1)) & augmentation.mirror,
        offsets=rng.uniform(-augmentation.shift, augmentation.shift, (count, 2)),
        scales=1 - rng.uniform(-augmentation.widen, augmentation.zoom, (count, 2)),
        gains=1 + rng.uniform(-augmentation.brightness, augmentation.brightness, (count, 3))
        + rng.uniform(-augmentation.brightness, augmentation.brightness, (count, 1)),
    )  # fmt: skip


def augment(images: ImageStore, indices: np.ndarray, *, draws: EpochDraws) -> np.ndarray:
    """Gather and change a batch in one step.

    Each output pixel is the nearest pixel of a window that is shifted and scaled inside the image; beyond the border
    the image is mirrored.

    Args:
        images: all of the corpus, uint8 [examples, height, width, 3].
        indices: int [batch], the images to take.
        draws: of this epoch.

    Returns:
        float32 [batch, height, width, 3], 0 to 255.
    """
    rows, columns = find_places(images.shape[1:3], indices, draws=draws)
    batch = _gathered(images[indices], rows=rows, columns=columns).astype(np.float32)  # images on disk are read whole
    gains = draws.gains[indices]
    if np.any(gains != 1):
        batch *= gains[:, None, None, :].astype(np.float32)
        np.clip(batch, 0, 255, out=batch)
    return batch


def _gathered(plain: np.ndarray, *, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Rows and columns of each image: a pixel is moved as one value, which is four times as fast as three numbers."""
    height, width, channels = plain.shape[1:]
    pixels = np.ascontiguousarray(plain).reshape(-1, channels).view(np.dtype((np.void, channels * plain.itemsize)))
    lines = np.arange(len(plain))[:, None] * height + rows
    found = np.take(pixels[:, 0], lines[:, :, None] * width + columns[:, None, :])
    return found.view(plain.dtype).reshape(*found.shape, channels)


def find_places(size: Sequence[int], indices: np.ndarray, *, draws: EpochDraws) -> tuple[np.ndarray, np.ndarray]:
    """Where each row and each column of a changed image comes from.

    Args:
        size: height and width of the images.
        indices: int [batch], the images to take.
        draws: of this epoch.

    Returns:
        int64 [batch, height] and int64 [batch, width].
    """
    height, width = size
    rows = _window(height, draws.offsets[indices, 0], scales=draws.scales[indices, 0])
    columns = _window(width, draws.offsets[indices, 1], scales=draws.scales[indices, 1])
    mirrored = draws.mirrored[indices]
    columns[mirrored] = columns[mirrored, ::-1]
    return rows, columns


def shrink(images: np.ndarray, scale: float) -> np.ndarray:
    """Smaller images, each pixel the mean of the area that it covers.

    Args:
        images: float32 [batch, height, width, channels].
        scale: of both sides, above 0 and at most 1.

    Returns:
        float32 [batch, round(height * scale), round(width * scale), channels].
    """
    rows, columns = (compute_shares(side, scale) for side in images.shape[1:3])
    batch, height, width, channels = images.shape
    narrow = columns @ images.reshape(batch * height, width, channels)  # [batch * height, smaller width, channels]
    low = rows @ narrow.reshape(batch, height, -1)
    return low.reshape(batch, len(rows), len(columns), channels)


def compute_shares(side: int, scale: float) -> np.ndarray:
    """Share of each pixel of a side in each smaller one: float32 [round(side * scale), side], rows that sum to 1.

    Args:
        side: in pixels.
        scale: above 0 and at most 1.
    """
    smaller = max(1, round(side * scale))
    edges = np.linspace(0, side, smaller + 1)
    pixels = np.arange(side)
    overlap = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return (np.maximum(overlap, 0) * smaller / side).astype(np.float32)


def _window(size: int, offsets: np.ndarray, *, scales: np.ndarray) -> np.ndarray:
    """Source positions along one axis: int [batch, size]; an unscaled window moves by whole pixels."""
    centres = np.arange(size) + 0.5 - size / 2
    # Half a size and the offset are added last: without scaling this is exact, and no pixel is taken twice.
    raw = np.floor(centres * scales[:, None] + size / 2 + np.round(offsets * size)[:, None]).astype(np.int64)
    reflected = np.abs(raw)
    return np.clip(np.where(reflected >= size, 2 * (size - 1) - reflected, reflected), 0, size - 1)
