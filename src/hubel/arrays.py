"""Names for the arrays that travel between layers: dtype, axes, range.

Each is an alias of ``numpy.ndarray``; the alias says what is inside, a checker sees an array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np

Image: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""uint8 [height, width, 3], RGB, 0 to 255."""

Images: TypeAlias = np.ndarray[Any, np.dtype[np.uint8]]
"""uint8 [batch, height, width, 3], RGB, 0 to 255."""

Labels: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
"""int64 [batch], class indices."""

Logits: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
"""float32 [batch, classes], before softmax."""

Probabilities: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]
"""float64 [batch, classes], each row sums to 1."""

Features: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
"""float32 [batch, channels], the output of a frozen backbone."""

Describe: TypeAlias = Callable[[Images], Features]
"""Images → features of them, in the same order."""

Heat: TypeAlias = np.ndarray[Any, np.dtype[np.float32]]
"""float32 [height, width], 0 to 1 or -1 to 1: how much each pixel speaks for a class."""


class ImageStore(Protocol):
    """Images of which some are asked for at a time: an array, or a file that is too large for one."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Images, height, width, 3."""
        ...

    def __len__(self) -> int:
        """How many images there are."""
        ...

    def __getitem__(self, key: Any, /) -> Any:
        """Those at the places ``key`` of the first axis: `Images`, or one `Image` for a number."""
        ...
