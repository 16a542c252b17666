"""Any value of an architecture, worked out in the page, is the value that the page's engine computed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.made.chance_networks import LARGE, trained_by_chance, varied_images
from tests.node import NEEDS_NODE, run_module

from hubel.architectures.catalogue import ARCHITECTURES, make_blueprint
from hubel.engines.compiling import plain_graph
from hubel.page.weights import pack

pytestmark = NEEDS_NODE
LIMIT = 1e-5
"""Of the sum of the absolute values of what is added up."""
WORK = """
import { readFileSync } from "node:fs";
import { Network } from "./engine/network.js";
import { fastestOperations } from "./engine/simd.js";
import { readTensors } from "./engine/tensors.js";
import { placeOf, sumsAgree, workOut } from "./views/window_sums.js";
const bytesOf = (name) => new Uint8Array(readFileSync(`${given.folder}/${name}`));
const network = new Network(given.graph, readTensors(given.index, bytesOf("weights")), fastestOperations());
const values = network.run(bytesOf("pixels")), worst = {}, wrong = [];
let seed = 7;
const random = (below) => Math.floor((seed = seed * 16807 % 2147483647) / 2147483647 * below);
for (const step of given.graph.steps) {
  const { data } = values.get(step.name), inputs = step.inputs.map((name) => values.get(name));
  for (let count = 0; count < given.places; count++) {
    const flat = random(data.length), worked = workOut(step, inputs, network.weights.get(step.name), placeOf(step.shape, flat));
    const share = worked.value === data[flat] ? 0 : Math.abs(worked.value - data[flat]) / Math.max(worked.size, 1e-30);
    worst[step.kind] = Math.max(worst[step.kind] ?? 0, share);
    if (!sumsAgree(worked, data[flat])) wrong.push([step.name, flat, worked.value, data[flat]]);
  }
}
console.log(JSON.stringify({ worst, wrong }));
"""


def worked_out(name: str, folder: Path, *, places: int = 20) -> dict[str, Any]:
    """What is wrong, and kind → the largest difference as a share of what was added up."""
    side = max(ARCHITECTURES[name].smallest, 64 if name in LARGE else 32)
    blueprint = make_blueprint(name, (side, side + 5), classes=5)
    graph = plain_graph(trained_by_chance(blueprint))
    index, weights = pack(graph.weights, dtype="float32")
    (folder / "weights").write_bytes(weights)
    (folder / "pixels").write_bytes(varied_images(1, blueprint.spec.image_size).tobytes())
    return run_module(WORK, given={"graph": graph.to_json(), "index": index, "folder": str(folder), "places": places})


def assert_worked_out(name: str, folder: Path) -> None:
    found = worked_out(name, folder)
    assert found["wrong"] == []
    assert 0 < max(found["worst"].values()) <= LIMIT


@pytest.mark.backend
@pytest.mark.parametrize("name", ["small-cnn", "residual", "mobilenet"])
def test_any_value_is_worked_out_to_what_the_engine_computed(name: str, tmp_path: Path):
    assert_worked_out(name, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name not in ("small-cnn", "residual", "mobilenet")])
def test_any_value_of_every_other_architecture_too(name: str, tmp_path: Path):
    assert_worked_out(name, tmp_path)
