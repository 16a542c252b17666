"""A page is held against its model before it is handed over: from the finished file."""

from __future__ import annotations

import base64
import re
from typing import Any

import numpy as np
import pytest
from tests.made.pages import CLASS_NAMES, tiny_images, tiny_model, tiny_parts
from tests.node import NEEDS_NODE

from hubel.backends.framework import keras
from hubel.engines.compiling import plain_graph
from hubel.errors import ClaimFailed
from hubel.graphs.network_graph import NetworkGraph
from hubel.page.proof import find_node, prove_page
from hubel.page.render import render_page
from hubel.page.weights import pack

pytestmark = [pytest.mark.backend, *NEEDS_NODE]


@pytest.fixture(scope="module")
def model() -> keras.Model:
    keras.utils.set_random_seed(5)
    return tiny_model()


def page_of(graph: NetworkGraph, dtype: str = "float32") -> str:
    data, _ = tiny_parts()
    data["tensors"], weights = pack(graph.weights, dtype=dtype)
    return render_page(data | {"graph": graph.to_json()}, weights, title="A page")


def proven(model: keras.Model, html: str, **changed: Any) -> Any:
    given = {"pixels": tiny_images(6), "weights": "float32", "node": find_node()}
    return prove_page(html, model, graph=plain_graph(model), **(given | changed))


@pytest.mark.parametrize(("weights", "least", "most"), [("float32", 0, 1e-5), ("float16", 1e-6, 5e-3)])
def test_a_page_that_computes_as_its_model_does_is_proven(model: keras.Model, weights: str, least: float, most: float):
    proof = proven(model, page_of(plain_graph(model), weights), weights=weights)
    assert (proof.examples, proof.looked) == (6, 4)
    assert least <= max(proof.difference, proof.map_difference) <= most
    assert proof.answers.logits.shape == (6, len(CLASS_NAMES))
    computed = keras.ops.convert_to_numpy(model(tiny_images(6).astype(np.float32)))
    np.testing.assert_array_equal(proof.expected, computed)
    assert 0 < proof.answers.seconds_per_image < 5


def test_a_page_with_another_weight_is_refused_and_its_layer_named(model: keras.Model):
    graph = plain_graph(model)
    graph.weights["conv2/bias"][1] += 0.5
    with pytest.raises(ClaimFailed, match=r"a logit differs by .* the layer \w+ differs by .*Nothing was written"):
        proven(model, page_of(graph))


def test_a_page_whose_weights_are_damaged_is_refused(model: keras.Model):
    html = page_of(plain_graph(model))
    weights = re.search('id="page-weights">(.*?)<', html)
    assert weights is not None
    damaged = bytearray(base64.b64decode(weights[1]))
    damaged[100] ^= 1
    with pytest.raises(ClaimFailed, match="The engine of the page failed: Error: The weights in this page are damaged"):
        proven(model, html.replace(weights[1], base64.b64encode(damaged).decode()))


def test_answers_that_are_all_alike_show_nothing(model: keras.Model):
    with pytest.raises(ClaimFailed, match="all alike"):
        proven(model, page_of(plain_graph(model)), pixels=np.repeat(tiny_images(1), 3, axis=0))


def test_no_number_is_no_proof(model: keras.Model):
    graph = plain_graph(model)
    graph.weights["logits/bias"][0] = np.nan
    with pytest.raises(ClaimFailed, match="a logit differs by nan"):
        proven(model, page_of(graph))
