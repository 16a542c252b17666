"""The page's engine in Node: whole networks, and what is computed again after a change."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest
from tests.made.pages import tiny_images, tiny_parts
from tests.node import NEEDS_NODE, run_module

from hubel.page.weights import seal_of

pytestmark = NEEDS_NODE

LOAD = """
import { Network } from "./engine/network.js";
import { readTensors, fromBase64 } from "./engine/tensors.js";
const { data, bytes, pixels } = given;
const network = new Network(data.graph, readTensors(data.tensors, fromBase64(bytes)));
const values = network.run(fromBase64(pixels));
const print = (values) => console.log(JSON.stringify(
  Object.fromEntries([...values].map(([name, value]) => [name, [value.shape, Array.from(value.data)]]))));
"""


def given_of_tiny() -> dict[str, Any]:
    data, weights = tiny_parts()
    return {
        "data": data,
        "bytes": base64.b64encode(weights).decode(),
        "pixels": base64.b64encode(tiny_images()[0].tobytes()).decode(),
    }


def computed(script: str) -> dict[str, np.ndarray]:
    printed = run_module(LOAD + script, given=given_of_tiny())
    return {name: np.array(numbers).reshape(shape) for name, (shape, numbers) in printed.items()}


def test_every_value_of_a_network_is_there_in_its_shape():
    data, _ = tiny_parts()
    values = computed("print(values);")
    assert {name: list(value.shape) for name, value in values.items() if name != "image"} == {
        step["name"]: step["shape"] for step in data["graph"]["steps"]
    }
    np.testing.assert_array_equal(values["image"], tiny_images()[0])
    assert np.ptp(values["logits"]) > 0.1


CHANGES = """
import { fastestOperations } from "./engine/simd.js";
import { OPERATIONS } from "./engine/operations.js";
const apart = (one, other) => Math.max(...[...one].map(([name, { data }]) => (
  Math.max(...data.map((value, at) => Math.abs(value - other.get(name).data[at]))))));
let seed = 1;
const random = (below) => Math.floor((seed = seed * 16807 % 2147483647) / 2147483647 * below);
"""
"""What the following scripts have in common."""


@pytest.mark.parametrize("operations", ["OPERATIONS", "fastestOperations()"])
def test_a_painted_stroke_changes_all_that_it_reaches_and_only_that(operations: str):
    script = f"""
    const [height, width] = data.graph.image_size, painter = new Network(data.graph, readTensors(data.tensors, fromBase64(bytes)), {operations});
    const now = painter.run(fromBase64(pixels));
    let largest = 0, smaller = 0;
    for (let stroke = 0; stroke < 60; stroke++) {{
      const painted = Uint8Array.from(now.get("image").data), size = random(4);
      const top = random(height - size), left = random(width - size);
      for (let row = top; row <= top + size; row++) {{
        for (let column = left; column <= left + size; column++) painted[(row * width + column) * 3 + random(3)] ^= 1 + random(255);
      }}
      const before = Float32Array.from(now.get("conv1").data);
      painter.repaint(now, painted);
      largest = Math.max(largest, apart(now, painter.run(painted)));
      smaller += now.get("conv1").data.filter((value, at) => value === before[at]).length > 4 * 12 * 14 / 2 ? 1 : 0;
    }}
    console.log(JSON.stringify([largest, smaller, painter.repaint(now, Uint8Array.from(now.get("image").data)).size]));
    """
    largest, local, idle = run_module(LOAD + CHANGES + script, given=given_of_tiny())
    assert largest == 0  # the same sums in the same order
    assert local > 40  # most strokes leave most of the first map as it was
    assert idle == 0


def test_an_edit_is_followed_and_taken_back():
    script = """
    const first = Float32Array.from(values.get("logits").data), kernel = network.weights.get("conv1").kernel.data;
    network.edit("conv1", "kernel", kernel.map((each, at) => (at ? each : each + 1)));
    const stale = network.update(values, ["conv1"]), edited = Float32Array.from(values.get("logits").data);
    network.switchOff("relu1", [0, 2]);
    network.update(values, ["relu1"]);
    const off = values.get("relu1").data.filter((_, at) => at % 4 === 0 || at % 4 === 2);
    network.update(values, network.restore());
    console.log(JSON.stringify([[...stale].length, Array.from(first), Array.from(edited), Math.max(...off), Array.from(values.get("logits").data)]));
    """
    stale, first, edited, off, restored = run_module(LOAD + script, given=given_of_tiny())
    assert stale == len(tiny_parts()[0]["graph"]["steps"]) - 1  # all but the rescaling before it
    assert np.abs(np.subtract(first, edited)).max() > 1e-3
    assert off == 0
    assert restored == first


def test_vectors_and_plain_operations_agree_but_for_rounding():
    script = """
    const fast = new Network(data.graph, readTensors(data.tensors, fromBase64(bytes)), fastestOperations()).run(fromBase64(pixels));
    console.log(JSON.stringify([fastestOperations() !== OPERATIONS, apart(values, fast), Math.max(...values.get("conv2").data)]));
    """
    vectors, largest, height = run_module(LOAD + CHANGES + script, given=given_of_tiny())
    assert vectors
    assert 0 < largest < 1e-5 * height


@pytest.mark.parametrize("missing", ["undefined", "{ Memory: class {}, Module: class { constructor() { throw 1; } } }"])
def test_without_webassembly_the_plain_operations_compute(missing: str):
    script = f"""
    import {{ fastestOperations }} from "./engine/simd.js";
    import {{ OPERATIONS }} from "./engine/operations.js";
    globalThis.WebAssembly = {missing};
    console.log(JSON.stringify(fastestOperations() === OPERATIONS));
    """
    assert run_module(script)


def test_half_the_bits_are_read_as_numpy_reads_them():
    bits = np.arange(0, 65536, 7, dtype=np.uint16)
    script = """
    import { fromFloat16 } from "./engine/tensors.js";
    console.log(JSON.stringify(given.map((bits) => String(fromFloat16(bits)))));
    """
    found = np.array(run_module(script, given=bits.tolist()), np.float64)
    np.testing.assert_array_equal(found, bits.view(np.float16).astype(np.float64))


def test_damaged_weights_are_noticed():
    script = """
    import { checkSeal } from "./engine/tensors.js";
    const said = (change) => {
      const bytes = Uint8Array.from(given.bytes);
      try { checkSeal(change(bytes) ?? bytes, given.seal); return "whole"; } catch (error) { return error.message; }
    };
    console.log(JSON.stringify([said(() => {}), said((bytes) => { bytes[5] ^= 4; }), said((bytes) => bytes.subarray(1))]));
    """
    content = bytes(range(256)) * 3
    whole, *damaged = run_module(script, given={"bytes": list(content), "seal": seal_of(content)})
    assert whole == "whole"
    assert all(words.startswith("The weights in this page are damaged") for words in damaged)


def test_the_engine_answers_tasks_and_says_what_went_wrong():
    script = """
    import { answer, TASKS } from "./engine/worker.js";
    const said = [], ask = (task, given) => answer({ id: said.length, task, ...given }, (made) => said.push(made));
    ask("load", { graph: data.graph, index: data.tensors, bytes: fromBase64(bytes), seal: data.seal });
    ask("run", { pixels: fromBase64(pixels), slot: "image" });
    ask("value", { slot: "image", name: "nothing" });
    ask("load", { graph: data.graph, index: data.tensors, bytes: fromBase64(bytes), seal: { bytes: 3, crc32: 1 } });
    console.log(JSON.stringify([said, Array.from(said[1].result.logits.data), Array.from(values.get("logits").data)]));
    """
    said, logits, expected = run_module(LOAD + script, given=given_of_tiny())
    assert said[0] == {"id": 0, "result": {"vectors": True}}
    assert set(said[1]["result"]) == {"logits", "features", "maps", "milliseconds"}
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
    assert "undefined" in said[2]["error"]
    assert "damaged" in said[3]["error"]
