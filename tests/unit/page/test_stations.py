"""The course in the page: true for the network at hand, and each answer is what Keras and the layer table say."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.made.chance_networks import trained_by_chance, varied_images
from tests.node import NEEDS_NODE, run_module

from hubel.architectures.catalogue import make_blueprint
from hubel.architectures.layer_table import layer_rows
from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.engines.compiling import plain_graph
from hubel.images.changes.moves import moved
from hubel.page.contents import LaidOpen, page_data
from hubel.page.weights import pack, seal_of

pytestmark = [*NEEDS_NODE, pytest.mark.backend]

COUNT = 15
NETWORKS = {"small-cnn": (16, 20), "residual": (32, 32), "mobilenet": (64, 64), "dense": (8, 8), "lenet5": (32, 32)}
"""Architecture → image size: pooling and hidden dense layers; residual sums; depthwise; no convolution; both of 1998."""
NAMES = ["cat", "<b>dog</b>", "`owl`"]
TOUR = """
import { STATIONS } from "./stations/catalogue.js";
import { factsOf } from "./stations/facts.js";
import { isRight } from "./stations/answers.js";
import { VIEWS } from "./views/catalogue.js";
import { Session } from "./session/session.js";
import { TASKS } from "./engine/worker.js";
import { fromBase64 } from "./engine/tensors.js";
import { readFileSync } from "node:fs";

const data = JSON.parse(readFileSync(given.document)), client = { ask: async (task, asked) => TASKS[task](asked) };
const session = new Session(data, client), facts = factsOf(data), without = STATIONS.map((station) => station.say(facts, session));
await client.ask("load", { graph: data.graph, index: data.tensors, bytes: new Uint8Array(readFileSync(given.weights)), seal: data.seal });
await session.setImage({ name: "image", label: null, pixels: fromBase64(given.pixels) });
const stations = [];
for (const station of STATIONS) {
  const { look, ask } = await station.pose(facts, session), given = ask.kind === "choice" ? ask.choices : [String(ask.answer), ask.answer.toPrecision(4)];
  const wrong = String(ask.answer + 10 + 3 * (ask.tolerance ?? 0));
  stations.push({ title: station.title, ofImage: Boolean(station.ofImage), say: station.say(facts, session), look, ask,
                  accepted: given.filter((each) => isRight(ask, each)), refused: ask.kind === "choice" || !isRight(ask, wrong) });
}
console.log(JSON.stringify({ stations, without, views: VIEWS.map((view) => view.id), layers: data.layers.map((layer) => layer.name) }));
"""


def told(name: str, folder: Path) -> dict[str, Any]:
    """What the stations say, show and ask of a network that nobody trained, and the network itself."""
    blueprint = make_blueprint(name, NETWORKS[name], classes=len(NAMES))
    model = trained_by_chance(blueprint)
    graph, walked = plain_graph(model), walk(model)
    index, weights = pack(graph.weights, dtype="float32")
    description = {"class_names": NAMES, "temperature": 1.5, "abstention_threshold": 0.5, "tta": "none"}
    rows = tuple(layer_rows(walked))
    data = page_data(LaidOpen(graph, walked, rows), description, tensors=index, sets=None, examples=())
    (folder / "data.json").write_text(json.dumps(data | {"seal": seal_of(weights)}))
    (folder / "weights.bin").write_bytes(weights)
    image = varied_images(12, NETWORKS[name])[11]
    pixels = base64.b64encode(image.tobytes()).decode()
    given = {"document": str(folder / "data.json"), "weights": str(folder / "weights.bin"), "pixels": pixels}
    return run_module(TOUR, given=given) | {"model": model, "rows": {row.name: row for row in rows}, "image": image}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return {name: told(name, tmp_path_factory.mktemp(name)) for name in NETWORKS}


def numbers(text: str) -> list[str]:
    return re.findall(r"\d[\d,.]*\d|\d", text)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_station_speaks_of_the_network_in_whole_sentences(networks: dict[str, Any], name: str):
    found = networks[name]
    assert len(found["stations"]) == len({each["title"] for each in found["stations"]}) == COUNT
    for station, without in zip(found["stations"], found["without"], strict=True):
        words = [
            *station["say"],
            *without,
            station["ask"]["question"],
            station["ask"]["how"],
            station["ask"]["because"],
        ]
        for sentence in words:
            assert not re.search(r"undefined|NaN|null|Infinity|\[object|  ", sentence), sentence
            assert sentence[-1] in ".?)", sentence
        assert 1 <= len(station["say"]) <= 7


@pytest.mark.parametrize("name", NETWORKS)
def test_what_there_is_to_look_at_exists(networks: dict[str, Any], name: str):
    for station in networks[name]["stations"]:
        look = station["look"]
        assert look is None or look["view"] in networks[name]["views"]
        if look and "select" in look:
            row = networks[name]["rows"][look["select"]["layer"]]
            assert 0 <= look["select"].get("channel", 0) < row.output[-1]
            assert all(place < side for place, side in zip(look["select"].get("at", ()), row.output, strict=False))
    assert sum(station["look"] is not None for station in networks[name]["stations"]) >= COUNT - 1


@pytest.mark.parametrize("name", NETWORKS)
def test_the_true_answer_is_accepted_and_another_is_not(networks: dict[str, Any], name: str):
    for station in networks[name]["stations"]:
        ask = station["ask"]
        assert station["refused"], ask
        assert station["accepted"] == (ask["right"] if ask["kind"] == "choice" else station["accepted"]), ask
        assert station["accepted"], ask
        assert ask["kind"] == "number" or 1 <= len(ask["right"]) < len(ask["choices"]) or len(ask["choices"]) == 1, ask


def values_of(found: dict[str, Any], layer: str) -> np.ndarray:
    model, batch = found["model"], found["image"][None].astype(np.float32)
    return keras.ops.convert_to_numpy(
        keras.Model(model.inputs[0], model.get_layer(layer).output)(batch, training=False)
    )[0]


@pytest.mark.parametrize("name", ["small-cnn", "residual", "lenet5"])
def test_numbers_to_read_off_are_those_of_keras(networks: dict[str, Any], name: str):
    found = networks[name]
    read = 0
    for station in found["stations"]:
        ask, select = station["ask"], (station["look"] or {}).get("select", {})
        if "Which number does" in ask["question"]:
            row, column = select["at"]
            value = values_of(found, select["layer"])
            expected = value[row, column, select["channel"]] if value.ndim == 3 else value[select["channel"]]
            assert ask["answer"] == pytest.approx(float(expected), rel=1e-4, abs=1e-4)
            read += 1
        elif "holds the largest number" in ask["question"]:
            peaks = values_of(found, select["layer"]).max(axis=(0, 1))
            assert int(peaks.argmax()) in ask["answers"]
            read += 1
        elif "the same number everywhere" in ask["question"]:
            assert ask["answer"] == int((np.ptp(values_of(found, select["layer"]), axis=(0, 1)) == 0).sum())
            read += 1
    assert read == 5


@pytest.mark.parametrize("name", NETWORKS)
def test_numbers_of_the_network_are_those_of_the_layer_table(networks: dict[str, Any], name: str):
    found = networks[name]
    rows, asks = found["rows"], [station["ask"] for station in found["stations"]]
    most = max(row.parameters for row in rows.values())
    assert asks[1]["right"] == [row.name for row in rows.values() if row.parameters == most]
    seen = found["stations"][2]["look"]["select"]["layer"]
    field = rows[seen].receptive_field[0]
    assert asks[2]["answer"] == (field if name != "dense" else np.prod(NETWORKS[name]))
    counted = found["stations"][14]["ask"]
    kind = re.search(r"kind `(\w+)`", counted["question"])
    assert kind
    assert counted["answer"] == sum(row.kind == kind[1] for row in rows.values())
    parameters = sum(row.parameters for row in rows.values())
    assert f"{parameters:,}" in numbers(found["stations"][0]["say"][1])


@pytest.mark.parametrize("name", NETWORKS)
def test_whether_a_move_changes_the_answer_is_what_keras_says(networks: dict[str, Any], name: str):
    found = networks[name]
    ask = found["stations"][11]["ask"]
    distance = int(numbers(ask["question"])[0])
    assert distance == max(1, round(NETWORKS[name][1] / 16))
    images = np.stack([found["image"], moved(found["image"][None], 0, distance)[0]]).astype(np.float32)
    before, after = keras.ops.convert_to_numpy(found["model"](images, training=False)).argmax(axis=1)
    assert f"“{NAMES[before]}”" in ask["question"]
    assert ask["right"] == ["Yes" if before == after else "No"]


def test_what_a_network_lacks_is_said(networks: dict[str, Any]):
    pooling = {name: " ".join(networks[name]["stations"][10]["say"]) for name in NETWORKS}
    assert "no such layers between its convolutions" in pooling["residual"]
    assert "stride above 1" in pooling["mobilenet"]
    assert "nothing to pool" in pooling["dense"]
    assert "`group_1_pool` makes maps smaller" in pooling["small-cnn"]
    architecture = {name: " ".join(networks[name]["stations"][12]["say"]) for name in NETWORKS}
    assert "Residual connections" in architecture["residual"]
    assert "No hidden dense layer" in architecture["mobilenet"]
    assert "2 dense layers of 120 and 84 neurons" in architecture["lenet5"]
    assert "depthwise" in " ".join(networks["mobilenet"]["stations"][9]["say"])
    assert "are such a stack" in " ".join(networks["small-cnn"]["stations"][9]["say"])


def test_numbers_are_read_as_people_write_them():
    found = run_module("""
        import { isRight, numbersIn } from "./stations/answers.js";
        import { stationOf } from "./views/course.js";
        const texts = ["1,234", "0,5", " 12 % ", "\\u22123.5", "1 234", "7 ×", "", "seven", "1e3", "."];
        const asked = { kind: "number", answer: 1234, tolerance: 0.4 };
        const places = ["#course", "#course/5", "#course/99", "#course/x", "#maps", ""].map(stationOf);
        console.log(JSON.stringify({ read: texts.map(numbersIn), right: ["1,234", "1234.3", "1235"].map((each) => isRight(asked, each)), places }));
    """)
    assert found["read"] == [[1234, 1.234], [5, 0.5], [12], [-3.5], [1234], [7], [], [], [1000], []]
    assert found["right"] == [True, True, False]
    assert found["places"] == [0, 5, COUNT, None, None, None]
