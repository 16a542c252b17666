"""The compiled engine: ONNX Runtime, on the graph that was kept beside the weights. No framework."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime

from hubel.architectures.catalogue import Blueprint
from hubel.arrays import Images, Logits
from hubel.catalogue import Later, processors
from hubel.classifier.compiled_graph import CompiledGraph
from hubel.classifier.engine import LARGE_BATCH, Engine, Outputs, Wanted
from hubel.classifier.manifest import CURE, GRAPH
from hubel.classifier.runtime import Runtime
from hubel.classifier.self_test import TOLERANCE
from hubel.errors import DamagedArtefact, WrongRequest
from hubel.graphs.network_graph import IMAGE
from hubel.graphs.onnx_maps import LastMaps, find_last_maps, with_output
from hubel.graphs.onnx_rules import check_onnx
from hubel.text import shortened

_make_keras_engine: Callable[..., Engine] = Later("hubel.engines.keras_building", "make_engine")
_PIXELS_AT_ONCE = 1_300_000
"""Bytes of the images that are computed together, 8 of 224 x 224 pixels: more are slower, since what a layer makes of
them no longer fits into the processor's cache."""
RUNTIME_ERRORS = (RuntimeError, ValueError, *(
    each for each in vars(importlib.import_module("onnxruntime.capi.onnxruntime_pybind11_state")).values()
    if isinstance(each, type) and issubclass(each, Exception)
))  # fmt: skip
"""What ONNX Runtime raises."""


def runtime(graph: CompiledGraph) -> Runtime:
    """ONNX Runtime on the processors of this process.

    Args:
        graph: of the artefact that it is to run.
    """
    libraries = {name: version(name) for name in ("hubel", "numpy", "onnxruntime")}
    return Runtime(partial(make_engine, graph=graph), libraries, TOLERANCE)


def make_engine(
    blueprint: Blueprint, tensors: Mapping[str, np.ndarray], path: Path, *, graph: CompiledGraph,
    make_keras_engine: Callable[[], Engine] | None = None,
) -> OnnxEngine:  # fmt: skip
    """Check a graph, and make ready to run it.

    Args:
        blueprint: of the network.
        tensors: name → float32 [...], its weights, which the graph must have.
        path: of the weights; the graph lies beside it.
        graph: as the artefact has it.
        make_keras_engine: the same network in Keras; None to build it when somebody looks inside.

    Raises:
        DamagedArtefact: the graph breaks a rule, or is not of these weights.
    """
    file = path.parent / GRAPH
    try:
        check_onnx(graph, blueprint.spec, tensors=tensors)
        session = make_session(graph.data)
    except RUNTIME_ERRORS as error:
        raise DamagedArtefact(f"{file}: {shortened(str(error).rstrip('.'), 300)}. {CURE}") from error
    in_keras = make_keras_engine or partial(_make_keras_engine, blueprint, tensors, path)
    return OnnxEngine(session, graph.outputs, in_keras, graph.data)


def make_session(graph: bytes) -> onnxruntime.InferenceSession:
    """What runs a graph: on the processors that this process may use, which sleep between two images.

    Args:
        graph: content of the file, which was checked.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = processors()
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # they would take them from the decoder
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


class OnnxEngine:
    """Runs a compiled graph.

    Args:
        session: of `make_session`.
        outputs: name → numbers that it gives for each image.
        make_keras_engine: the same network in Keras, for whoever looks inside.
        data: of the file, for whoever wants its last maps.
    """

    def __init__(
        self,
        session: onnxruntime.InferenceSession,
        outputs: Mapping[str, int],
        make_keras_engine: Callable[[], Engine],
        data: bytes = b"",
    ) -> None:
        self._session = session
        self._outputs = outputs
        self._make_keras_engine = make_keras_engine
        self._data = data

    def __repr__(self) -> str:
        return f"OnnxEngine({', '.join(f'{name} {count}' for name, count in self._outputs.items())})"

    @cached_property
    def model(self) -> Any:
        """The network as a `keras.Model`; it is built when somebody asks for it, and imports a framework."""
        return self._make_keras_engine().model

    def compute(self, pixels: Images, *, wanted: Wanted = "logits") -> Outputs:
        """Run the network.

        Args:
            pixels: uint8 [batch, height, width, 3].
            wanted: what is needed beside the logits.

        Raises:
            WrongRequest: the pixels are no bytes.
        """
        if pixels.dtype != np.uint8:
            raise WrongRequest(f"A compiled network takes pixels as uint8. Received: {pixels.dtype}.")
        names = [name for name in _INCLUDED[wanted] if name in self._outputs]
        step = max(1, min(LARGE_BATCH, _PIXELS_AT_ONCE // max(1, pixels[0].size))) if len(pixels) else LARGE_BATCH
        parts = [self._run(pixels[start : start + step], names) for start in range(0, len(pixels), step)]
        made = dict(zip(names, map(np.concatenate, zip(*parts, strict=True)), strict=True)) if parts else {}
        for name in _INCLUDED[wanted]:
            made.setdefault(name, np.zeros((len(pixels), self._outputs.get(name, 0)), np.float32))
        return Outputs(**made)

    def compute_logits(self, pixels: Images) -> Logits:
        """uint8 [batch, height, width, 3] → float32 [batch, classes]."""
        return self.compute(pixels).logits

    def compute_maps(self, pixels: Images) -> np.ndarray | None:
        """The last feature maps that lead to the logits: float32 [batch, rows, columns, channels].

        Args:
            pixels: uint8 [batch, height, width, 3].

        Returns:
            None where the network has no maps.
        """
        if self._last_maps is None:
            return None
        session, maps = self._last_maps
        made = np.asarray(session.run([maps.name], {IMAGE: np.ascontiguousarray(pixels)})[0])
        return made.transpose(0, 2, 3, 1) if maps.channels_first else made

    @cached_property
    def _last_maps(self) -> tuple[onnxruntime.InferenceSession, LastMaps] | None:
        maps = find_last_maps(self._data) if self._data else None
        return None if maps is None else (make_session(with_output(self._data, maps.name)), maps)

    def _run(self, pixels: Images, names: list[str]) -> list[np.ndarray]:
        return [np.asarray(each) for each in self._session.run(names, {IMAGE: np.ascontiguousarray(pixels)})]


_INCLUDED: dict[str, tuple[str, ...]] = {
    "logits": ("logits",),
    "features": ("logits", "features"),
    "maps": ("logits", "features", "maps"),
}
"""What is wanted → the outputs that are given."""
