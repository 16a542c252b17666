"""Which pixels of the image a position of a layer sees: size, stride and start, along one axis.

Source: Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ReceptiveField:
    """Along one axis, position ``i`` sees the ``size`` pixels from ``start + i * stride`` on.

    Args:
        size: pixels, at least 1; also those that would lie outside of the image.
        stride: pixels from one position's first pixel to the next one's; 0 where every position sees the same.
        start: first pixel that position 0 sees; negative where it lies in the padding.
        low: first pixel that any position really sees.
        high: one behind the last pixel that any position really sees; None where the image's size is not known.
    """

    size: int
    stride: int
    start: int
    low: int = 0
    high: int | None = None

    @classmethod
    def of_image(cls, image_size: int) -> ReceptiveField:
        """The image itself: each position sees one pixel."""
        return cls(1, 1, 0, 0, image_size)

    def through(
        self, kernel_size: int, *, positions: int, stride: int = 1, padding_before: int = 0, dilation: int = 1
    ) -> ReceptiveField:
        """The field behind a convolution or pooling on top of this one.

        Args:
            kernel_size: taps along the axis.
            positions: output size along the axis.
            stride: input positions between two output positions.
            padding_before: input positions added before the first; negative where some are cut off.
            dilation: input positions between taps.
        """
        size = self.size + (kernel_size - 1) * dilation * self.stride
        jump = self.stride * stride
        start = self.start - padding_before * self.stride
        last = start + (positions - 1) * jump + size
        high = None if self.high is None else min(self.high, last)
        return ReceptiveField(size, jump, start, max(self.low, start), high)

    def whole(self, positions: int) -> ReceptiveField:
        """The field of a value that takes all ``positions`` in, as a global pooling does."""
        start = max(self.low, self.start)
        stop = self.start + (positions - 1) * self.stride + self.size
        stop = stop if self.high is None else min(stop, self.high)
        return ReceptiveField(stop - start, 0, start, start, stop)

    def everywhere(self) -> ReceptiveField:
        """The field of a map of one position that is spread over a larger map."""
        return replace(self, stride=0)

    def box(self, index: int, image_size: int) -> tuple[int, int]:
        """First pixel and one behind the last that position ``index`` sees inside the image.

        At the image's edge the box may be too large in two cases: up to ``dilation - 1`` taps behind a dilated kernel,
        and for a position that sees nothing but a frame of zeros, as the outermost ones behind a zero padding.
        """
        high = image_size if self.high is None else min(image_size, self.high)
        start = self.start + index * self.stride
        stop = min(start + self.size, high)
        start = min(max(start, self.low, 0), high)
        return start, max(start, stop)


def join(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """The field where branches meet, as in an addition: from the first start to the last end.

    Branches with the same stride keep it. With different strides (one branch sees the whole image, as in a
    squeeze-and-excite block) every position is said to see all that any of the branches sees, with stride 0.

    Args:
        fields: of the branches, at least one, all over the same positions.
    """
    low = min(field.low for field in fields)
    ends = [field.high for field in fields]
    high = None if None in ends else max(end for end in ends if end is not None)
    strides = {field.stride for field in fields}
    start = min(field.start for field in fields)
    stop = max(field.start + field.size for field in fields)
    if len(strides) == 1:
        return ReceptiveField(stop - start, strides.pop(), start, low, high)
    if high is None:
        return ReceptiveField(stop - low, 0, low, low, None)
    return ReceptiveField(high - low, 0, low, low, high)


def field_box(
    fields: tuple[ReceptiveField, ReceptiveField], row: int, column: int, *, image_size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The part of the image that one position sees.

    Args:
        fields: along the height and the width.
        row: of the position in its map.
        column: of the position in its map.
        image_size: (height, width) in pixels.

    Returns:
        (top, left, bottom, right) in pixels; bottom and right are one behind the last.
    """
    top, bottom = fields[0].box(row, image_size[0])
    left, right = fields[1].box(column, image_size[1])
    return top, left, bottom, right
