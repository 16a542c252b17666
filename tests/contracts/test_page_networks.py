"""The engine of the page computes every architecture as Keras does: its logits, and every value on the way."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tests.made.chance_networks import LARGE, OWN, trained_by_chance, varied_images
from tests.made.pages import DOCUMENT, tiny_document
from tests.node import NEEDS_NODE, run_module

from hubel.architectures.catalogue import ARCHITECTURES, Blueprint, make_blueprint
from hubel.architectures.walk import compute_batch, walk
from hubel.backends.framework import keras
from hubel.engines.compiling import plain_graph
from hubel.engines.keras_engine import KerasEngine
from hubel.graphs.network_graph import MAPS, NetworkGraph
from hubel.page.weights import pack

pytestmark = NEEDS_NODE
LIMIT = 1e-3
"""Of the range of a value's numbers."""
RUN = """
import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { Network } from "./engine/network.js";
import { OPERATIONS } from "./engine/operations.js";
import { fastestOperations } from "./engine/simd.js";
import { readTensors } from "./engine/tensors.js";
const bytesOf = (name) => new Uint8Array(readFileSync(`${given.folder}/${name}`));
const operations = fastestOperations(), [height, width] = given.graph.image_size, pixels = bytesOf("pixels");
const network = new Network(given.graph, readTensors(given.index, bytesOf("weights")), operations);
const out = openSync(`${given.folder}/values`, "w"), size = height * width * 3;
let values;
for (let from = 0; from < pixels.length; from += size) {
  values = network.run(pixels.subarray(from, from + size));
  for (const { name } of given.graph.steps) writeSync(out, values.get(name).data);
}
closeSync(out);
const painted = pixels.slice(-size);  // a stroke of 3 x 4 pixels
for (let at = 0; at < 12; at++) painted[((8 + at % 3) * width + 11 + (at >> 2)) * 3] ^= 255;
network.repaint(values, painted);
const others = [...network.run(painted)].filter(([name, { data }]) => data.some((value, at) => value !== values.get(name).data[at]));
console.log(JSON.stringify([operations !== OPERATIONS, others.map(([name]) => name)]));
"""


def computed_by_the_page(graph: NetworkGraph, images: np.ndarray, folder: Path) -> dict[str, np.ndarray]:
    """Step → float32 [images, ...]."""
    index, weights = pack(graph.weights, dtype="float32")
    (folder / "weights").write_bytes(weights)
    (folder / "pixels").write_bytes(images.tobytes())
    vectors, repainted = run_module(RUN, given={"graph": graph.to_json(), "index": index, "folder": str(folder)})
    assert vectors
    assert repainted == []  # what a stroke changes is computed as if all was
    numbers = np.fromfile(folder / "values", "<f4").reshape(len(images), -1)
    ends = np.cumsum([np.prod(step.shape) for step in graph.steps])
    parts = np.split(numbers, ends[:-1], axis=1)
    return {step.name: part.reshape(-1, *step.shape) for step, part in zip(graph.steps, parts, strict=True)}


def computed_by_keras(model: keras.Model, graph: NetworkGraph, images: np.ndarray) -> dict[str, np.ndarray]:
    """Step → float32 [images, ...]: of each layer, and where a layer is two steps, of it without its activation."""
    walked = walk(model)
    values = compute_batch(walked, images.astype(np.float32))
    made = {}
    for call in walked.calls:
        steps, _ = graph.layers[call.name]
        if steps:
            made[steps[-1]] = values[call.outputs[0]]
        if len(steps) == 2:
            activation, call.layer.activation = call.layer.activation, keras.activations.linear
            (made[steps[0]],) = call.apply([values[place] for place in call.inputs])
            call.layer.activation = activation
    return {name: np.asarray(keras.ops.convert_to_numpy(value)) for name, value in made.items()}


def assert_alike(blueprint: Blueprint, count: int, folder: Path) -> None:
    model = trained_by_chance(blueprint)
    graph, images = plain_graph(model), varied_images(count, blueprint.spec.image_size)
    found, expected = computed_by_the_page(graph, images, folder), computed_by_keras(model, graph, images)
    rest = {name for name in found if name not in expected}
    assert all(name.startswith(MAPS) for name in rest)
    if rest:
        expected[MAPS] = KerasEngine(model).compute(images, wanted="maps").maps
    for name, values in expected.items():
        spread = float(np.ptp(values))
        assert spread > 0, name
        assert np.abs(found[name] - values).max() <= LIMIT * spread, name
    logits = expected[graph.outputs["logits"]]
    assert (
        np.ptp(logits, axis=0).max() > 0.01 * np.abs(logits).max()
    )  # what answers all alike would agree with anything
    best = np.sort(logits, axis=1)
    clear = best[:, -1] - best[:, -2] > LIMIT
    same = found[graph.outputs["logits"]].argmax(axis=1) == logits.argmax(axis=1)
    assert same[clear].all()


@pytest.mark.backend
@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in LARGE])
def test_the_page_computes_an_architecture_as_keras_does(name: str, tmp_path: Path):
    side = max(ARCHITECTURES[name].smallest, 32)
    assert_alike(make_blueprint(name, (side, side + 5), classes=5), 64, tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", LARGE)
def test_the_page_computes_a_large_backbone_as_keras_does(name: str, tmp_path: Path):
    assert_alike(make_blueprint(name, (64, 71), classes=5), 8, tmp_path)


@pytest.mark.backend
@pytest.mark.parametrize("name", OWN)
def test_the_page_computes_a_network_of_ones_own_as_keras_does(name: str, tmp_path: Path):
    assert_alike(Blueprint("own", OWN[name]), 64, tmp_path)


@pytest.mark.backend
def test_the_tiny_network_of_other_tests_is_what_a_page_says_of_its_model():
    assert json.loads(DOCUMENT.read_text(encoding="utf-8")) == tiny_document()
