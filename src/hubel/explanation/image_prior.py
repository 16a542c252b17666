"""What images look like, as a way to write one down: frequencies, low ones strong, and colours that vary together.

Followed in these numbers, a gradient changes shapes before it changes single pixels.

Source: Olah, Mordvintsev & Schubert 2017, "Feature Visualization", distill.pub; the constants are those of their
library, Lucid.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

GREY_LEVELS = 255.0
SPREAD = 0.01
"""Standard deviation of the frequencies of the image to begin with: nearly plain grey."""
CONTRAST = 4.0
COLOURS = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])
"""Red, green and blue of three directions that vary independently in photographs: brightness first."""
LARGEST_SHIFT, LARGEST_TURN, LARGEST_ZOOM = 1 / 16, np.deg2rad(5), 0.05
SMALL_SIDE = 32
"""Below, an image is only shifted: turned by a few degrees, its pixels would only blur."""

Spectrum = NDArray[np.complex128]
Pixels = NDArray[np.float64]


@dataclass(frozen=True)
class ImagePrior:
    """Frequencies [images, directions, height, width // 2 + 1] → images of 0 to 255, and gradients the other way.

    Args:
        height: in pixels.
        width: in pixels.
        channels: of the image.
        colour: of three channels: whether they differ.
    """

    height: int
    width: int
    channels: int
    colour: bool

    @cached_property
    def _mixture(self) -> Pixels:
        """[channels, directions]."""
        if not self.colour:
            return np.ones((self.channels, 1))
        if self.channels == len(COLOURS):
            return COLOURS / np.linalg.norm(COLOURS, axis=0).max()
        return np.eye(self.channels)

    @cached_property
    def _strengths(self) -> Pixels:
        down, across = np.fft.fftfreq(self.height)[:, None], np.fft.rfftfreq(self.width)[None]
        return 1 / np.maximum(np.hypot(down, across), 1 / max(self.height, self.width)) / CONTRAST

    def start(self, rng: np.random.Generator, images: int) -> Spectrum:
        """Frequencies of images to begin with, [images, directions, height, width // 2 + 1].

        Args:
            rng: what they are drawn from.
            images: how many.
        """
        shape = (images, self._mixture.shape[1], *self._strengths.shape)
        return SPREAD * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))

    def image(self, spectrum: Spectrum) -> Pixels:
        """float64 [images, height, width, channels], 0 to 255."""
        size = self.height, self.width
        directions = np.fft.irfft2(spectrum * self._strengths, s=size, axes=(-2, -1), norm="ortho")
        mixed = np.einsum("ndhw,cd->nhwc", directions, self._mixture)
        return GREY_LEVELS / (1 + np.exp(-mixed))

    def gradient(self, image: Pixels, slope: Pixels) -> Spectrum:
        """How a score changes with the frequencies, where it changes with the image by ``slope``.

        Args:
            image: of `image`, [images, height, width, channels].
            slope: of the same shape.
        """
        inner = slope * image * (1 - image / GREY_LEVELS)
        directions = np.einsum("nhwc,cd->ndhw", inner, self._mixture)
        twice = np.full(self._strengths.shape[1], 2.0)  # a real image has each of these also at the negative frequency
        twice[0] = 1
        if self.width % 2 == 0:
            twice[-1] = 1
        return np.fft.rfft2(directions, axes=(-2, -1), norm="ortho") * self._strengths * twice


def small_move(rng: np.random.Generator, height: int, *, width: int) -> csr_array:
    """A random small shift, turn and zoom of an image, as a matrix from its pixels to those of the moved one.

    What leaves at one edge comes in at the other. The transposed matrix leads gradients back.

    Args:
        rng: what the move is drawn from.
        height: of the image in pixels.
        width: of the image in pixels.

    Returns:
        [height * width, height * width], rows add up to 1.
    """
    large = min(height, width) >= SMALL_SIDE
    turn, zoom = (rng.uniform(-1, 1, 2) * (LARGEST_TURN, LARGEST_ZOOM)) if large else (0.0, 0.0)
    shift = np.round(rng.uniform(-1, 1, 2) * np.maximum(1, np.array([height, width]) * LARGEST_SHIFT))
    rows, columns = np.mgrid[:height, :width].reshape(2, -1)
    middle = np.array([[(height - 1) / 2], [(width - 1) / 2]])
    centred = np.stack([rows, columns]) - middle
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    place = rotation @ centred / (1 + zoom) + middle + shift[:, None]
    low = np.floor(place)
    part = place - low
    data, source = [], []
    for down, across in np.ndindex(2, 2):
        weight = np.abs(1 - down - part[0]) * np.abs(1 - across - part[1])
        data.append(weight)
        source.append((low[0] + down) % height * width + (low[1] + across) % width)
    target = np.tile(np.arange(height * width), 4)
    entries = np.concatenate(data), (target, np.concatenate(source).astype(np.int64))
    return csr_array(entries, shape=(height * width,) * 2)
