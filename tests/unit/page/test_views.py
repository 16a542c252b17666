"""What the views of a page work out, in Node: places, links, statistics, filters, addresses."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from tests.made.pages import tiny_images, tiny_parts, tiny_weights
from tests.node import NEEDS_NODE, run_module

pytestmark = NEEDS_NODE

TINY = """
import { Network } from "./engine/network.js";
import { readTensors, fromBase64 } from "./engine/tensors.js";
const { data } = given;
const session = { data, layers: new Map(data.layers.map((layer) => [layer.name, layer])), steps: new Map(data.graph.steps.map((step) => [step.name, step])) };
const network = new Network(data.graph, readTensors(data.tensors, fromBase64(given.bytes)));
const pixels = fromBase64(given.pixels);
"""


def tiny(script: str, **more: Any) -> Any:
    data, weights = tiny_parts()
    pixels = tiny_images()[0]
    given = {
        "data": data,
        "bytes": base64.b64encode(weights).decode(),
        "pixels": base64.b64encode(pixels.tobytes()).decode(),
    }
    imports = [line for line in script.splitlines() if line.startswith("import")]
    rest = [line for line in script.splitlines() if not line.startswith("import")]
    return run_module("\n".join([*imports, TINY, *rest]), given={**given, **more})


def test_an_address_leads_back_to_what_was_selected():
    names = ["conv1", "group/1 norm", "<img src=x onerror=alert(1)>", "%", "ä#?&/"]
    got = run_module(
        """
import { readAddress, writeAddress } from "./session/address.js";
const there = given.map((layer) => readAddress(writeAddress("maps", { layer, channel: 7, at: [2, 3] })));
const others = ["", "#maps", "#%E0%A4%A", "#maps/a/-1/x/2", "#course/5"].map(readAddress);
console.log(JSON.stringify({ there, others, own: writeAddress("course", { layer: "a", channel: 0, at: [0, 0] }) }));
""",
        given=names,
    )
    expected = [{"layer": name, "channel": 7, "at": [2, 3]} for name in names]
    assert [each["selection"] for each in got["there"]] == expected
    assert {each["view"] for each in got["there"]} == {"maps"}
    assert [each["view"] for each in got["others"]] == ["", "maps", "", "maps", "course"]
    selections = [each["selection"] for each in got["others"]]
    assert selections == [None, None, None, {"layer": "a", "channel": 0, "at": [0, 2]}, None]
    assert got["own"] is None


def test_only_what_lies_in_its_field_changes_a_value():
    """For every layer of maps and some of its places: a pixel outside never matters, and one inside does."""
    got = tiny("""
import { fieldOf } from "./parts/map_statistics.js";
const [height, width] = data.graph.image_size, places = [[0, 0], [1, 2], [2, 1]], wrong = [];
let inside = 0, checked = 0;
const before = network.run(pixels), layers = data.layers.filter(({ output }) => output[0] > 2);
for (let pixel = 0; pixel < height * width; pixel++) {
  const changed = pixels.slice();
  for (let colour = 0; colour < 3; colour++) changed[pixel * 3 + colour] ^= 0x55;
  const after = network.run(changed), row = Math.floor(pixel / width), column = pixel % width;
  for (const layer of layers) {
    const [old, now] = [before, after].map((values) => values.get(layer.value).data), [, wide, channels] = layer.output;
    for (const at of places) {
      const box = fieldOf(layer, at, [height, width]), first = (at[0] * wide + at[1]) * channels;
      const moved = old.slice(first, first + channels).some((value, place) => value !== now[first + place]);
      const within = row >= box.top && row < box.bottom && column >= box.left && column < box.right;
      checked++;
      if (moved && within) inside++;
      if (moved && !within) wrong.push([layer.name, at, row, column]);
    }
  }
}
console.log(JSON.stringify({ wrong, inside, checked, unknown: fieldOf({ receptive_field: null }, [0, 0], [9, 9]) }));
""")
    assert got["wrong"] == []
    assert got["inside"] > 300
    assert got["unknown"] is None


def test_a_map_feeds_what_changes_when_it_is_changed():
    """Each map of each layer's input is moved; which maps of the layer move is what the links say, both ways."""
    got = tiny("""
import { feeds, madeFrom } from "./parts/links.js";
import { OPERATIONS } from "./engine/operations.js";
import { wholeOf } from "./engine/regions.js";
const wrong = [], still = [];
const holds = (link, channel) => link !== undefined && (link.channels === "all" || link.channels.includes(channel));
const values = network.run(pixels);
for (const layer of data.layers.filter(({ steps }) => steps.length)) for (const input of layer.inputs) {
  const name = session.layers.get(input)?.value ?? "image", count = values.get(name).shape.at(-1);
  for (let from = 0; from < count; from++) {
    const moved = new Set();
    for (const move of [4000, -4000]) {
      const made = new Map(values), given = { shape: values.get(name).shape, data: values.get(name).data.slice() };
      for (let at = from; at < given.data.length; at += count) given.data[at] += move;
      made.set(name, given);
      for (const step of layer.steps.map((each) => network.steps.get(each))) {
        const out = new Float32Array(values.get(step.name).data.length);
        OPERATIONS[step.kind](step, step.inputs.map((each) => made.get(each)), network.weights.get(step.name), out, wholeOf(step.shape));
        made.set(step.name, { shape: step.shape, data: out });
      }
      const own = layer.output.at(-1), now = made.get(layer.value).data;
      values.get(layer.value).data.forEach((value, at) => { if (value !== now[at]) moved.add(at % own); });
    }
    for (let channel = 0; channel < layer.output.at(-1); channel++) {
      const on = holds(feeds(session, input, from).find((link) => link.layer === layer.name), channel);
      const back = holds(madeFrom(session, layer.name, channel).find((link) => link.layer === input), from);
      if (moved.has(channel) && !(on && back)) wrong.push([layer.name, input, from, channel, on, back]);
      if (!moved.has(channel) && (on || back)) still.push([layer.name, input, from, channel]);
    }
  }
}
console.log(JSON.stringify({ wrong, still, links: feeds(session, "flatten", 3) }));
""")
    assert got["wrong"] == []
    assert got["still"] == []
    assert got["links"] == [{"layer": "dense1", "channels": "all"}]


def test_links_go_past_the_marks_on_a_volume():
    got = tiny("""
import { feeds, linksPast, linkWords, madeFrom } from "./parts/links.js";
const passes = (name) => ["norm1", "relu1", "rescaling", "flatten"].includes(name);
const past = (follow, name, channel) => linksPast(session, follow, { name, channel, passes });
const far = linksPast(session, madeFrom, { name: "conv2", channel: 1, passes: (name) => ["pool1", "norm1", "relu1"].includes(name) });
console.log(JSON.stringify({
  far, on: past(feeds, "conv1", 2), back: past(madeFrom, "conv1", 0), branch: past(feeds, "conv2", 1), join: past(madeFrom, "sum", 5), flat: past(feeds, "pool2", 0),
  words: [past(madeFrom, "conv1", 0), past(feeds, "conv1", 2)].map(([link]) => linkWords(session, link)),
}));
""")
    assert got["on"] == [{"layer": "pool1", "channels": [2], "through": ["norm1", "relu1"]}]
    assert got["back"] == [{"layer": "image", "channels": "all", "through": ["rescaling"]}]
    assert [(each["layer"], each["channels"]) for each in got["branch"]] == [("depthwise", [1]), ("sum", [1])]
    assert [(each["layer"], each["channels"]) for each in got["join"]] == [("conv2", [5]), ("depthwise", [5])]
    assert got["far"] == [{"layer": "conv1", "channels": "all", "through": ["pool1", "relu1", "norm1"]}]
    assert got["flat"] == [{"layer": "dense1", "channels": "all", "through": ["flatten"]}]
    assert got["words"] == ["all 3 colours of the image", "map 2 of pool1"]


def test_maps_are_counted_sorted_and_called_dead_or_saturated():
    maps = np.random.default_rng(1).normal(0, 1, (4, 5, 6)).astype(np.float32)
    maps[..., 1], maps[..., 2] = 0, 0.75
    maps[..., 3] = 6
    maps[0, 0, 3] = 2
    got = run_module(
        """
import { boundsOf, orderOf, peakOf, mapStatistics } from "./parts/map_statistics.js";
const value = { shape: given.shape, data: Float32Array.from(given.data) };
const found = mapStatistics(value, boundsOf({ kind: "relu", attributes: { max_value: 6 } }));
const orders = ["", "mean", "most"].map((by) => orderOf(found, by));
console.log(JSON.stringify({ found, orders, peak: peakOf(value, 0), none: boundsOf({ kind: "relu", attributes: { max_value: null } }),
  one: mapStatistics({ shape: [3], data: Float32Array.from([0, 1, 2]) }) }));
""",
        given={"shape": maps.shape, "data": maps.ravel().tolist()},
    )
    found = got["found"]
    np.testing.assert_allclose([each["mean"] for each in found], maps.mean(axis=(0, 1), dtype=np.float64), rtol=1e-6)
    np.testing.assert_array_equal([each["most"] for each in found], maps.max(axis=(0, 1)))
    np.testing.assert_array_equal([each["least"] for each in found], maps.min(axis=(0, 1)))
    assert [each["dead"] for each in found] == [False, True, False, False, False, False]
    assert [each["constant"] for each in found] == [False, True, True, False, False, False]
    assert [each["saturated"] for each in found] == [False, False, False, True, False, False]
    assert got["orders"][0] == [0, 1, 2, 3, 4, 5]
    assert got["orders"][1] == list(np.argsort(-maps.mean(axis=(0, 1)), kind="stable"))
    assert got["orders"][2] == list(np.argsort(-maps.max(axis=(0, 1)), kind="stable"))
    assert (got["peak"]["row"], got["peak"]["column"]) == divmod(int(maps[..., 0].argmax()), 5)
    assert got["none"] is None
    assert not any(each["dead"] or each["constant"] for each in got["one"])


def test_filters_are_the_slices_of_their_kernel():
    weights = tiny_weights(tiny_parts()[0]["tensors"])
    got = tiny("""
import { colourFilter, filtersOf, inputChannel, kernelLayers, sliceOf } from "./parts/kernels.js";
const found = kernelLayers(session).map(({ layer, step }) => {
  const kernel = network.weights.get(step.name).kernel, filters = filtersOf(step.kind, kernel);
  const last = { filter: filters.filters - 1, slice: filters.taken - 1 };
  return { name: layer.name, filters: filters.filters, taken: filters.taken, slice: Array.from(sliceOf(filters, last.filter, last.slice).data), channel: inputChannel(step, kernel, last),
    colours: layer.name === "conv1" ? Array.from(colourFilter(filters, 2)) : null };
});
console.log(JSON.stringify(found));
""")
    kernels = {name.split("/")[0]: each for name, each in weights.items() if name.endswith("kernel") and each.ndim == 4}
    assert [each["name"] for each in got] == ["conv1", "conv2", "depthwise"]
    for each in got[:2]:
        kernel = kernels[each["name"]]
        assert (each["taken"], each["filters"]) == kernel.shape[2:]
        np.testing.assert_array_equal(np.float32(each["slice"]).reshape(kernel.shape[:2]), kernel[:, :, -1, -1])
        assert each["channel"] == kernel.shape[2] - 1
    np.testing.assert_array_equal(np.float32(got[2]["slice"]).reshape(3, 3), kernels["depthwise"][:, :, -1, -1])
    assert (got[2]["taken"], got[2]["filters"], got[2]["channel"]) == (1, 6, 5)
    chosen = kernels["conv1"][..., 2]
    expected = 127.5 + 127.5 * chosen / np.abs(chosen).max()
    np.testing.assert_allclose(np.array(got[0]["colours"]).reshape(3, 3, 3), expected, atol=0.51)


def test_volumes_stand_in_a_row_with_marks_on_them_and_arcs_over_them():
    got = tiny("""
import { layoutOf, linesOf, shownUnits, unitsOf, volumeSize } from "./views/volumes_layout.js";
const units = unitsOf(data.layers), name = (unit) => units[unit].layer?.name ?? "image";
const look = (folded) => {
  const { shown, stand } = shownUnits(units, { folded, opened: new Set() }), plan = layoutOf(units, shown, { image: data.graph.image_size, zoom: 1 });
  return { row: shown.map(({ unit }) => name(unit)), more: shown.map((each) => each.folded), lefts: plan.boxes.map(({ left, drawn }) => [left, left + drawn]),
    lines: linesOf(units, shown, stand).map(({ from, to, over }) => [name(shown[from].unit), name(shown[to].unit), over]) };
};
console.log(JSON.stringify({ marks: units.map(({ marks }) => marks.map((mark) => mark.name)), all: look(false), folded: look(true),
  sizes: [[8, 8, 4], [4, 4, 16]].map((shape) => volumeSize(shape, 8, 1)) }));
""")
    row = ["image", "conv1", "pool1", "conv2", "depthwise", "sum", "pool2", "dense1", "logits"]
    assert got["all"]["row"] == row
    assert got["marks"][:3] == [["rescaling"], ["norm1", "relu1"], []]
    assert got["marks"][6] == ["flatten"]
    lines = [[row[place], row[place + 1], 0] for place in range(8)]
    assert sorted(got["all"]["lines"]) == sorted([*lines, ["conv2", "sum", 1]])
    ends = got["all"]["lefts"]
    assert all(ends[place][1] < ends[place + 1][0] for place in range(8))
    assert got["folded"]["row"] == ["image", "conv1", "pool1", "sum", "pool2", "dense1", "logits"]
    assert got["folded"]["more"] == [0, 0, 0, 2, 0, 0, 0]
    small, deep = got["sizes"]
    assert small["height"] ** 2 == 2 * deep["height"] ** 2
    assert deep["depth"] == 2 * small["depth"]


def test_bars_of_parameters_are_logarithms_and_each_weight_is_counted():
    got = tiny("""
import { logShare, timesWords, weightRows } from "./views/parameters.js";
console.log(JSON.stringify({ rows: weightRows(data.layers), shares: [0, 1, 10, 100, 10000].map((count) => logShare(count, 10000)), words: [430998.2, 32.3, 3.21].map(timesWords) }));
""")
    data, _ = tiny_parts()
    assert sum(each["parameters"] for each in got["rows"]) == data["total"]["parameters"]
    assert sum(each["dense"] or 0 for each in got["rows"]) == data["total"]["dense_parameters"]
    assert got["shares"] == [0, 0.004, 0.25, 0.5, 1]
    assert got["words"] == ["430,998 times", "32 times", "3.2 times"]


def test_a_fault_is_said_in_words():
    got = run_module(
        """
import { faultWords } from "./shell/faults.js";
const has = { Worker: true };
console.log(JSON.stringify([faultWords(new SyntaxError("Unexpected end of JSON input"), has), faultWords(new Error("x"), {}), faultWords(new Error("the weights are damaged"), has)]));
"""
    )
    assert "damaged" in got[0][0]
    assert "web workers" in got[1][0]
    assert "the weights are damaged" in got[2][0]
