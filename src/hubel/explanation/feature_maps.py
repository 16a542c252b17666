"""Feature maps of any layer for one image, and the filters that make them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hubel.architectures.walk import Call, Graph, compute_values
from hubel.backends.framework import keras
from hubel.errors import WrongRequest
from hubel.errors.wording import Option, Text

_HOW_TO_CHOOSE = Text("Leave ", Option("layer"), " out for a list of the layers that do.")


@dataclass(frozen=True)
class FeatureMaps:
    """What one layer makes of one image.

    Args:
        layer: its name.
        kind: Keras' class name.
        maps: float32 [height, width, filters].
    """

    layer: str
    kind: str
    maps: np.ndarray

    @property
    def strongest_first(self) -> np.ndarray:
        """Filters by the largest absolute value of their maps, int64 [filters]."""
        return np.argsort(-np.abs(self.maps).max(axis=(0, 1)), kind="stable")


def layers_with_maps(graph: Graph) -> list[Call]:
    """The layers whose output is a stack of feature maps."""
    return [call for call in graph.calls if len(call.outputs) == 1 and len(call.output_shapes[0]) == 3]


def layers_with_filters(graph: Graph) -> list[Call]:
    """The convolutions that share one kernel over all positions."""
    return [call for call in graph.calls if isinstance(call.layer, keras.layers.Conv2D | keras.layers.DepthwiseConv2D)]


def compute_feature_maps(graph: Graph, call: Call, *, image: np.ndarray) -> FeatureMaps:
    """The maps of a layer, as the model computes them.

    Args:
        graph: of the model.
        call: one of `layers_with_maps`.
        image: [height, width, channels] as the model takes it.

    Raises:
        WrongRequest: the layer makes no maps.
    """
    if call not in layers_with_maps(graph):
        output = list(call.output_shapes[0])
        raise WrongRequest(f"{call.name} ({call.kind}) makes no feature maps: its output is {output}. ", _HOW_TO_CHOOSE)
    value = compute_values(graph, image, until=call)[call.outputs[0]]
    return FeatureMaps(call.name, call.kind, np.array(keras.ops.convert_to_numpy(value)[0]))


def kernel_of(graph: Graph, call: Call) -> np.ndarray:
    """The kernel of a convolution, [kernel_height, kernel_width, in_channels, filters].

    Each filter of a depthwise convolution sees one channel only: its in_channels are 1.

    Args:
        graph: of the model.
        call: one of `layers_with_filters`.

    Raises:
        WrongRequest: the layer is no convolution.
    """
    if call not in layers_with_filters(graph):
        raise WrongRequest(f"{call.name} ({call.kind}) has no filters. ", _HOW_TO_CHOOSE)
    kernel = np.array(keras.ops.convert_to_numpy(call.layer.kernel))
    if isinstance(call.layer, keras.layers.DepthwiseConv2D):
        return kernel.reshape(*kernel.shape[:2], 1, -1)
    return kernel
