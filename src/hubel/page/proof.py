"""The gate of a page: its own engine computes images from the finished file, and is held against the model."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from hubel.architectures.walk import compute_batch, walk
from hubel.backends.framework import keras
from hubel.errors import ClaimFailed
from hubel.exports.precision import FLOAT16, FLOAT32
from hubel.graphs.network_graph import LOGITS, NetworkGraph
from hubel.text import counted, one_line, shortened

LIMITS = {FLOAT32: 1e-3, FLOAT16: 0.05}
"""What a logit may differ by, as a share of the range of all logits of all images."""
MAP_LIMITS = LIMITS | {FLOAT16: 0.5}
"""The same of a layer's map. Rounded weights move single values of deep maps far where they hardly move an answer: in
the last maps of mobilenet 0.25 on photographs by 0.19 of their range, its logits by 0.002 of theirs."""
OLDEST_NODE = 16
LOOKED = 4
"""Images of which every map is held against the model's."""
IN_NODE = Path(__file__).parent / "in_node.cjs"
TOGETHER = 32


@dataclass(frozen=True)
class PageAnswers:
    """What the engine of a page computed.

    Args:
        logits: float32 [images, classes].
        values: step → float32 [looked, ...].
        seconds_per_image: from pixels to logits, the median.
    """

    logits: np.ndarray
    values: Mapping[str, np.ndarray]
    seconds_per_image: float


@dataclass(frozen=True)
class PageProof:
    """How the engine of a page compares with its model.

    Args:
        examples: images that both computed.
        looked: of which every map was compared.
        difference: the largest of a logit, as a share of their range.
        map_difference: the same of a layer's map.
        limit: of both.
        expected: logits of the model, float32 [images, classes].
        answers: of the page.
    """

    examples: int
    looked: int
    difference: float
    map_difference: float
    limit: float
    expected: np.ndarray
    answers: PageAnswers


def find_node() -> str | None:
    """The path of a Node that can run the engine; None where there is none."""
    node = shutil.which("node")
    if node is None:
        return None
    said = subprocess.run([node, "-v"], capture_output=True, encoding="utf-8", check=False).stdout  # noqa: S603
    first = said.strip().lstrip("v").partition(".")[0]
    return node if first.isdigit() and int(first) >= OLDEST_NODE else None


def prove_page(
    html: str, model: keras.Model, *, graph: NetworkGraph, pixels: np.ndarray, weights: str, node: str
) -> PageProof:
    """Hold the engine of a finished page against the model that it was made of.

    Args:
        html: the whole page.
        model: in Keras.
        graph: of the page.
        pixels: held-out images, uint8 [images, height, width, 3].
        weights: how those of the page are written: a key of `LIMITS`.
        node: of `find_node`.

    Raises:
        ClaimFailed: the engine fails, or computes something else, or nothing can be told from these images.
    """
    answers = run_page(html, graph, pixels=pixels, looked=min(LOOKED, len(pixels)), node=node)
    expected = _logits_of(model, pixels)
    limit, images = LIMITS[weights], counted(len(pixels), "held-out image")
    if len(pixels) > 1 and not np.ptp(expected, axis=0).max() > 0:
        raise ClaimFailed(
            f"The classifier answers {images} all alike, so nothing can be shown of its page. Nothing was written."
        )
    difference = _apart(answers.logits, expected)
    maps = {
        name: _apart(answers.values[step], values)
        for name, (step, values) in _layers_of(
            model, graph, pixels=pixels[: len(answers.values[graph.outputs[LOGITS]])]
        ).items()
    }
    worst = max(maps, key=lambda name: np.nan_to_num(maps[name], nan=np.inf))
    faults = []
    if not difference <= limit:
        faults.append(f"a logit differs by {difference:.2g} of the range of all logits")
    if other := _other_classes(answers.logits, expected, limit=limit):
        faults.append(f"{other:,} of them {'gets' if other == 1 else 'get'} another class")
    if not maps[worst] <= MAP_LIMITS[weights]:
        faults.append(f"the layer {worst} differs by {maps[worst]:.2g} of its range")
    if faults:
        raise ClaimFailed(
            f"The page does not compute {images} as the classifier does ({limit:g} is allowed): {'; '.join(faults)}. "
            "Nothing was written."
        )
    looked = len(answers.values[graph.outputs[LOGITS]])
    return PageProof(len(pixels), looked, difference, maps[worst], limit, expected, answers)


def run_page(html: str, graph: NetworkGraph, *, pixels: np.ndarray, looked: int, node: str) -> PageAnswers:
    """Have a page's engine compute images, from nothing but its file.

    Args:
        html: the whole page.
        graph: of the page.
        pixels: uint8 [images, height, width, 3].
        looked: so many of the first ones give every value.
        node: of `find_node`.

    Raises:
        ClaimFailed: it fails.
    """
    with TemporaryDirectory(prefix="hubel-page-") as folder:
        page, given, out = (Path(folder, name) for name in ("page.html", "pixels", "out"))
        page.write_text(html, encoding="utf-8")
        given.write_bytes(np.ascontiguousarray(pixels, np.uint8).tobytes())
        words = [node, str(IN_NODE), str(page), str(given), str(looked), str(out)]
        done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)  # noqa: S603  (our own script)
        if done.returncode != 0:
            raise ClaimFailed(
                f"The engine of the page failed: {shortened(one_line(done.stderr), 300)} Nothing was written."
            )
        said: dict[str, Any] = json.loads(done.stdout)
        numbers = np.fromfile(out, "<f4")
    classes = graph.shape_of(graph.outputs[LOGITS])[0]
    logits, rest = np.split(numbers, [len(pixels) * classes])
    ends = np.cumsum([np.prod(step.shape) for step in graph.steps])
    parts = np.split(rest.reshape(looked, -1), ends[:-1], axis=1)
    values = {step.name: part.reshape(-1, *step.shape) for step, part in zip(graph.steps, parts, strict=True)}
    return PageAnswers(logits.reshape(-1, classes), values, median(said["milliseconds"]) / 1000)


def _logits_of(model: keras.Model, pixels: np.ndarray) -> np.ndarray:
    parts = [
        keras.ops.convert_to_numpy(model(pixels[start : start + TOGETHER].astype(np.float32), training=False))
        for start in range(0, len(pixels), TOGETHER)
    ]
    return np.concatenate(parts)


def _layers_of(model: keras.Model, graph: NetworkGraph, *, pixels: np.ndarray) -> dict[str, tuple[str, np.ndarray]]:
    """Each layer that does something: its step, and what Keras makes there of some images."""
    walked = walk(model)
    values = compute_batch(walked, pixels.astype(np.float32))
    return {
        call.name: (graph.layers[call.name][1], np.asarray(keras.ops.convert_to_numpy(values[call.outputs[0]])))
        for call in walked.calls
        if graph.layers[call.name][0]
    }


def _apart(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, as a share of the range of what is expected; not a number where one is none."""
    spread = float(np.ptp(expected))
    largest = float(np.abs(found - expected).max())
    return largest / spread if spread else largest


def _other_classes(found: np.ndarray, expected: np.ndarray, *, limit: float) -> int:
    """Images with another class, though the model's two best are further apart than the limit."""
    best = np.sort(expected, axis=1)[:, -2:]
    clear = best[:, 1] - best[:, 0] > limit * float(np.ptp(expected))
    return int((clear & (found.argmax(axis=1) != expected.argmax(axis=1))).sum())
