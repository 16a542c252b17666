"""The page's engine in Node: whole networks, and what is computed again after a change."""

from __future__ import annotations

import base64

import numpy as np
from tests.made.pages import tiny_images, tiny_parts
from tests.node import NEEDS_NODE, run_module

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


def computed(script: str, *, dtype: str = "float32") -> dict[str, np.ndarray]:
    data, weights = tiny_parts(dtype=dtype)
    given = {
        "data": data,
        "bytes": base64.b64encode(weights).decode(),
        "pixels": base64.b64encode(tiny_images()[0].tobytes()).decode(),
    }
    printed = run_module(LOAD + script, given=given)
    return {name: np.array(numbers).reshape(shape) for name, (shape, numbers) in printed.items()}


def test_every_value_of_a_network_is_there_in_its_shape():
    data, _ = tiny_parts()
    values = computed("print(values);")
    assert {name: list(value.shape) for name, value in values.items() if name != "image"} == {
        step["name"]: step["shape"] for step in data["graph"]["steps"]
    }
    np.testing.assert_array_equal(values["image"], tiny_images()[0])
    assert np.ptp(values["logits"]) > 0.1
