"""Which pixels of the image each number of a layer's output sees, along one axis of the image.

Two descriptions go side by side. The spacing (size, stride, start) is the one that is published for networks; it also
counts pixels that would lie outside the image. The reach says for every single position which pixels it really sees,
and so holds for layers that no spacing describes: resizes, transposed convolutions, slices, attention.

Source: Araujo, Norris & Sim 2019, "Computing Receptive Fields of Convolutional Neural Networks", Distill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np

from hubel.arithmetic.taps import Taps

MOST_NUMBERS = 2_000_000
"""Of a reach that a reshape spreads out; above it, every position is said to see what any of them sees."""

Shape = tuple[int, ...]
"""Of a value, with a batch of one image in front."""


@dataclass(frozen=True)
class Spacing:
    """Position ``i`` sees the ``size`` pixels from ``start + i * stride`` on.

    Args:
        size: pixels, at least 1; also those that would lie outside the image.
        stride: pixels from one position's first pixel to the next one's; negative behind a flip.
        start: first pixel that position 0 sees; negative where it lies in the padding.
    """

    size: int = 1
    stride: int = 1
    start: int = 0

    def through(self, taps: Taps) -> Spacing | None:
        """The spacing behind a layer that takes these taps; None where it is not even."""
        if taps.step is None or taps.places.size == 0:
            return None
        pixels = taps.places[0] * self.stride
        first, last = int(pixels.min()), int(pixels.max())
        return Spacing(self.size + last - first, self.stride * taps.step, self.start + first)


@dataclass(frozen=True, eq=False)
class ReceptiveField:
    """What each number of a value sees along one axis of the image.

    Args:
        reach: int [2, 1, ...]: pixels from the first one seen to the image's end, and from its beginning to the last
            one seen; both 0 where nothing but padding is seen. Behind that the value's shape, with 1 for each axis
            along which all numbers see the same.
        image_size: pixels of the image along this axis.
        spacing: where positions lie evenly; None elsewhere.
        along: the value's axis for which the spacing holds; 0 where a single position was left and its axis is gone.
    """

    reach: np.ndarray
    image_size: int
    spacing: Spacing | None
    along: int

    @classmethod
    def of_image(cls, image_size: int, *, axis: int, ndim: int) -> ReceptiveField:
        """The image itself: each position sees one pixel.

        Args:
            image_size: pixels along the axis.
            axis: of the image; the batch is axis 0.
            ndim: axes of the image, the batch counted.
        """
        pixels = np.arange(image_size, dtype=np.int32)
        shape = [image_size if each == axis else 1 for each in range(ndim)]
        return cls(np.stack([image_size - pixels, pixels + 1]).reshape(2, *shape), image_size, Spacing(), axis)

    @property
    def size(self) -> int:
        """Pixels that one position sees: by the spacing, or the largest number that any really sees."""
        if self.spacing is not None:
            return self.spacing.size
        return max(0, int((self.reach.sum(axis=0) - self.image_size).max(initial=0)))

    @property
    def stride(self) -> int | None:
        """Pixels from one position's field to the next one's; 0 where all see the same, None where it varies."""
        if self.spacing is not None:
            return self.spacing.stride
        return 0 if self.is_constant else None

    @property
    def start(self) -> int:
        """First pixel that the first position sees."""
        return self.spacing.start if self.spacing is not None else _span(self.reach.reshape(2, -1)[:, :1], self)[0]

    @property
    def bounds(self) -> tuple[int, int]:
        """First pixel and one behind the last that all positions together see."""
        return _span(self.reach, self)

    @cached_property
    def is_constant(self) -> bool:
        """Every number sees the same pixels."""
        return self.reach[0].size == 1

    def through(self, axis: int, taps: Taps, *, input_size: int) -> ReceptiveField:
        """The field behind a layer that takes taps along one axis of the value.

        Args:
            axis: of the value; the batch is axis 0.
            taps: places of the input that each position of the output takes.
            input_size: positions of the input along the axis.
        """
        spacing = self.spacing
        if spacing is not None and axis == self.along:
            spacing = spacing.through(taps)
        if self.reach.shape[axis + 1] == 1 and input_size > 1:
            return replace(self, spacing=spacing)
        nothing = np.zeros((*self.reach.shape[: axis + 1], 1, *self.reach.shape[axis + 2 :]), np.int32)
        padded = np.concatenate([self.reach, nothing], axis + 1)
        places = np.where((taps.places >= 0) & (taps.places < input_size), taps.places, input_size)
        reach = np.take(padded, places, axis + 1).max(axis + 2, initial=0)
        return replace(self, reach=_squashed(reach), spacing=spacing)

    def whole(self, axes: Sequence[int]) -> ReceptiveField:
        """The field of a value that takes in all positions along some axes, which it keeps with size 1."""
        reach = self.reach.max(axis=tuple(axis + 1 for axis in axes), keepdims=True)
        spacing = None if self.along in axes else self.spacing
        return replace(self, reach=reach, spacing=spacing)

    def transposed(self, order: Sequence[int]) -> ReceptiveField:
        """The field of a value whose axes change places: new axis ``i`` is the old ``order[i]``."""
        reach = self.reach.transpose(0, *(axis + 1 for axis in order))
        return replace(self, reach=reach, along=list(order).index(self.along))

    def reshaped(self, before: Shape, after: Shape) -> ReceptiveField:
        """The field of a value whose numbers are given another shape, in the same order.

        Args:
            before: shape of the value, with a batch of one.
            after: its new shape.
        """
        reach, sizes, along, start = self.reach, [], None, 1
        for old, new in _groups(before, after):
            axes = range(start, start + len(old))
            if self.along + 1 in axes:
                place = _same_place(old, new, place=self.along + 1 - start)
                along = place if place is None or place < 0 else len(sizes) + place
            if all(reach.shape[axis] == 1 for axis in axes):
                sizes += [1] * len(new)
            else:
                reach = _spread(reach, dict(zip(axes, old, strict=True)))
                sizes += new
            start += len(old)
        spacing = self.spacing if along is not None else None
        return replace(self, reach=_squashed(reach.reshape(2, *sizes)), spacing=spacing, along=max(0, along or 0))

    def broadcast(self, before: Shape, after: Shape) -> ReceptiveField:
        """The field of a value whose axes of size 1 are repeated.

        Args:
            before: shape of the value, with a batch of one.
            after: its new shape, of as many axes.
        """
        repeated = before[self.along] != after[self.along] or (self.along == 0 and before != after)
        return replace(self, spacing=None) if repeated else self


def join(fields: Sequence[ReceptiveField]) -> ReceptiveField:
    """The field where branches meet, as in an addition: from the first pixel that any sees to the last.

    Branches with the same stride keep it.

    Args:
        fields: of the branches, at least one, all over the same axes.
    """
    reach = fields[0].reach
    for field in fields[1:]:
        reach = np.maximum(reach, field.reach)
    found = [field.spacing for field in fields if field.spacing is not None]
    even = len(found) == len(fields) and len({(field.along, field.stride) for field in fields}) == 1
    spacing = None
    if even:
        start = min(each.start for each in found)
        spacing = Spacing(max(each.start + each.size for each in found) - start, found[0].stride, start)
    return replace(fields[0], reach=_squashed(reach), spacing=spacing)


def concatenate(fields: Sequence[ReceptiveField], sizes: Sequence[int], *, axis: int) -> ReceptiveField:
    """The field of values that are put one behind the other along an axis.

    Args:
        fields: of the values.
        sizes: of the values along that axis.
        axis: of the values; the batch is axis 0.
    """
    shape = np.broadcast_shapes(*(_without(field.reach.shape, axis + 1) for field in fields))
    parts = [
        np.broadcast_to(field.reach, (*shape[: axis + 1], size, *shape[axis + 2 :]))
        for field, size in zip(fields, sizes, strict=True)
    ]
    spacings = {(field.along, field.spacing) for field in fields}
    same = len(spacings) == 1 and fields[0].along != axis
    reach = _squashed(np.concatenate(parts, axis + 1))
    return replace(fields[0], reach=reach, spacing=fields[0].spacing if same else None)


def field_box(
    fields: tuple[ReceptiveField, ReceptiveField], row: int, *, column: int, image_size: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The part of the image that one position sees.

    Args:
        fields: along the height and the width.
        row: of the position in its map.
        column: of the position in its map.
        image_size: (height, width) in pixels.

    Returns:
        (top, left, bottom, right) in pixels; bottom and right are one behind the last. In a value that is no map, all
        positions count as one.
    """
    boxes = []
    for field, size in zip(fields, image_size, strict=True):
        reach = field.reach
        if reach.ndim == 5:  # [2, batch, rows, columns, channels]
            reach = reach[:, :, min(row, reach.shape[2] - 1), min(column, reach.shape[3] - 1)]
        first, stop = _span(reach, field)
        boxes.append((min(first, size), min(stop, size)))
    (top, bottom), (left, right) = boxes
    return top, left, bottom, right


def _span(reach: np.ndarray, field: ReceptiveField) -> tuple[int, int]:
    """First pixel and one behind the last that any number of a reach sees."""
    to_end, stop = (int(each) for each in reach.reshape(2, -1).max(axis=1))
    return (field.image_size - to_end, stop) if stop else (0, 0)


def _squashed(reach: np.ndarray) -> np.ndarray:
    """The same with size 1 along each axis along which nothing changes."""
    for axis in range(1, reach.ndim):
        if reach.shape[axis] > 1:
            first = np.take(reach, [0], axis)
            if (reach == first).all():
                reach = first
    return reach


def _spread(reach: np.ndarray, sizes: dict[int, int]) -> np.ndarray:
    shape = tuple(sizes.get(axis, size) for axis, size in enumerate(reach.shape))
    if prod(shape) > MOST_NUMBERS:
        reach = reach.max(axis=tuple(sizes), keepdims=True)
    return np.broadcast_to(reach, shape)


def _groups(before: Shape, after: Shape) -> list[tuple[list[int], list[int]]]:
    """Runs of axes that hold as many numbers before as after, as short as they can be."""
    groups = []
    old, new = list(before), list(after)
    while old or new:
        left, right = old[:1] and [old.pop(0)], new[:1] and [new.pop(0)]
        while prod(left) != prod(right):
            if prod(left) < prod(right):
                left.append(old.pop(0))
            else:
                right.append(new.pop(0))
        groups.append((left, right))
    return groups


def _same_place(old: Sequence[int], new: Sequence[int], *, place: int) -> int | None:
    """Where an axis is after a reshape that keeps it; -1 for one of size 1 that is lost, None where it is split."""
    if max(old) == 1 and new:
        return min(place, len(new) - 1)
    if old[place] == 1:
        return -1
    same = [size for size in old if size > 1] == [size for size in new if size > 1]
    return [size > 1 for size in new].index(True) if same and len([size for size in new if size > 1]) == 1 else None


def _without(shape: Shape, axis: int) -> Shape:
    return (*shape[:axis], 1, *shape[axis + 1 :])
