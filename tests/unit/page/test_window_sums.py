"""One value worked out in JavaScript, against the engine that computed it and against NumPy."""

from __future__ import annotations

import base64

import numpy as np
from tests.made.every_kind import SIZE, every_kind
from tests.node import NEEDS_NODE, run_module

from hubel.graphs.network_graph import KINDS

pytestmark = NEEDS_NODE

NETWORK = """
import { Network } from "./engine/network.js";
import { fromBase64, readTensors } from "./engine/tensors.js";
import { SUMS, flatPlace, placeOf, sumsAgree, sumsNumber, workOut, shareSum } from "./views/window_sums.js";
const network = new Network(given.graph, readTensors(given.tensors, fromBase64(given.weights)));
const values = network.run(Uint8Array.from(given.pixels));
const work = (step, flat) => {
  const index = placeOf(step.shape, flat);
  return [index, workOut(step, step.inputs.map((name) => values.get(name)), network.weights.get(step.name), index)];
};
"""


def given() -> dict[str, object]:
    document, weights = every_kind()
    pixels = np.random.default_rng(1).integers(0, 256, (*SIZE, 3))
    return document | {"weights": base64.b64encode(weights).decode(), "pixels": pixels.ravel().tolist()}


def test_every_kind_of_step_is_worked_out_to_the_value_that_the_engine_computed():
    found = run_module(
        NETWORK
        + """
let worst = 0, count = 0;
const kinds = new Set();
for (const step of given.graph.steps) {
  const data = values.get(step.name).data;
  for (let flat = 0; flat < data.length; flat++) {
    const [index, worked] = work(step, flat);
    if (flatPlace(step.shape, index) !== flat) throw new Error("place");
    const share = Math.abs(worked.value - data[flat]) / Math.max(worked.size, 1e-30);
    if (!(share <= 1e-5) || !sumsAgree(worked, data[flat])) throw new Error(`${step.name} ${index}: ${worked.value} ${data[flat]}`);
    worst = Math.max(worst, share);
    count++;
  }
  kinds.add(step.kind);
}
console.log(JSON.stringify({ worst, count, kinds: [...kinds], sums: Object.keys(SUMS) }));
""",
        given=given(),
    )
    assert set(found["kinds"]) == set(found["sums"]) == set(KINDS)
    assert found["count"] > 2000
    assert 0 < found["worst"] < 1e-6


def test_a_sum_that_is_not_the_value_is_noticed():
    agreed = run_module(
        NETWORK
        + """
const checked = given.graph.steps.filter((step) => Object.keys(step.weights).length).map((step) => {
  const flat = values.get(step.name).data.reduce((best, value, at, all) => (Math.abs(value) > Math.abs(all[best]) ? at : best), 0);
  const [, worked] = work(step, flat);
  return sumsAgree(worked, values.get(step.name).data[flat] + 1e-4 * worked.size);
});
console.log(JSON.stringify(checked));
""",
        given=given(),
    )
    assert len(agreed) > 8
    assert not any(agreed)


def test_a_convolution_lists_the_patch_the_weights_and_the_padding():
    document, _ = every_kind()
    worked = run_module(
        NETWORK
        + """
const step = given.graph.steps.find(({ name }) => name === "spread");
const [, worked] = work(step, flatPlace(step.shape, [0, 4, 5]));
console.log(JSON.stringify({ ...worked, input: Array.from(values.get("strided").data), kernel: Array.from(network.weights.get("spread").kernel.data) }));
""",
        given=given(),
    )
    assert document["graph"]["steps"][3]["name"] == "spread"
    assert worked["rows"] == [-2, 0, 2]
    assert worked["columns"] == [2, 4, 6]
    maps, kernel = np.reshape(worked["input"], (5, 5, 6)), np.reshape(worked["kernel"], (3, 3, 3, 6))
    padded = np.pad(maps, ((2, 2), (2, 2), (0, 0)))[0:5:2, 4:9:2, 3:]
    inside = np.pad(np.ones((5, 5), bool), 2)[0:5:2, 4:9:2]
    assert worked["inside"] == inside.ravel().tolist()
    assert [part["channel"] for part in worked["parts"]] == [3, 4, 5]
    for place, part in enumerate(worked["parts"]):
        np.testing.assert_array_equal(part["values"], padded[..., place].ravel())
        np.testing.assert_array_equal(part["kernel"], kernel[..., place, 5].ravel())
        np.testing.assert_allclose(part["sum"], (padded[..., place] * kernel[..., place, 5]).sum(), rtol=1e-12)


def test_shares_are_divided_by_the_temperature_first():
    logits = np.array([2.0, -1.0, 0.5, 700.0])
    worked = run_module(
        NETWORK + "console.log(JSON.stringify(shareSum(given.logits, 2, 1.7)));",
        given=given() | {"logits": logits.tolist()},
    )
    scaled = np.exp((logits - 700) / 1.7)
    np.testing.assert_allclose(worked["shares"], scaled / scaled.sum(), rtol=1e-12, atol=0)
    assert worked["value"] == worked["shares"][2]


def test_numbers_of_formulas_read_as_those_of_a_trace():
    numbers = [0.0, 1.0, -0.5, 1 / 3, 123456.7, 1234567.0, 1e-4, 9.87654321e-5, -2.5e-12, 3e15, 100000.0, 999999.5]
    said = run_module(
        NETWORK + "console.log(JSON.stringify(given.numbers.map(sumsNumber)));", given=given() | {"numbers": numbers}
    )
    assert said == [f"{number:.6g}" for number in numbers]
