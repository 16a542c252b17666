"""The page answers as ``hubel predict`` does: probabilities, prediction sets, abstention, images unlike the corpus."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.made.pages import tiny_images
from tests.node import NEEDS_NODE, run_module
from tests.unit.classifier.made import make_classifier

from hubel.classifier.classifier import Classifier
from hubel.classifier.mirrored import MirroredEngine
from hubel.classifier.off_corpus import Looks, NearestClass, OffCorpus
from hubel.classifier.stored_score import describe_score, score_tensors
from hubel.engines.compiling import plain_graph
from hubel.exports.description import describe
from hubel.images.statistics import describe_pixels
from hubel.page.weights import pack, seal_of

pytestmark = [pytest.mark.backend, *NEEDS_NODE]

ANSWERS = """
import { readFileSync } from "node:fs";
import { TASKS } from "./engine/worker.js";
import { answerOf, predictionSet } from "./session/answer.js";
import { readOffCorpus } from "./session/off_corpus.js";
import { mirror } from "./session/session.js";
const { data, folder, coverages } = given, bytes = new Uint8Array(readFileSync(`${folder}/weights`));
data.offCorpus = readOffCorpus(data, bytes);
await TASKS.load({ graph: data.graph, index: data.tensors, seal: data.seal, bytes, plain: true });
const size = data.graph.image_size, made = [];
for (const list of given.images) {
  const pixels = Uint8Array.from(list), glance = async (seen) => TASKS.glance({ pixels: seen });
  const mirrored = data.classifier.tta === "mirror" ? await glance(mirror(pixels, size)) : null;
  const answer = answerOf(data, await glance(pixels), { mirrored, pixels });
  made.push({ ...answer, logits: null, sets: coverages.map((each) => predictionSet(data, answer.probabilities, each)) });
}
console.log(JSON.stringify(made));
"""
COVERAGES = (0.5, 0.57, 0.9, 0.99)


def _images(count: int = 12) -> np.ndarray:
    """Flat, noisy and smooth ones: uint8 [count, 8, 8, 3]."""
    rng = np.random.default_rng(7)
    flat = rng.integers(0, 256, (count // 3, 1, 1, 3)) + np.zeros((1, 8, 8, 1))
    noise = rng.integers(0, 256, (count // 3, 8, 8, 3))
    return np.concatenate([flat, noise, tiny_images(count // 3)[:, :8, :8]]).astype(np.uint8)


def _in_page(classifier: Classifier, images: np.ndarray, folder: Path, dtype: str = "float32") -> list[dict[str, Any]]:
    graph = plain_graph(classifier.model)
    index, weights = pack(graph.weights, dtype=dtype, exact=score_tensors(classifier.off_corpus))
    (folder / "weights").write_bytes(weights)
    sets = classifier.sets
    data = {
        "classifier": describe(classifier),
        "graph": graph.to_json(),
        "tensors": index,
        "seal": seal_of(weights),
        "off_corpus": describe_score(classifier.off_corpus),
        "sets": sets and {"coverages": [each / 100 for each in range(50, 100)], "thresholds": list(sets.thresholds)},
    }
    rows = [each.ravel().tolist() for each in images]
    return run_module(ANSWERS, given={"data": data, "folder": str(folder), "images": rows, "coverages": COVERAGES})


def _check(classifier: Classifier, folder: Path) -> None:
    images = _images()
    expected, made = classifier.predict_pixels(images), _in_page(classifier, images, folder)
    for one, other in zip(expected, made, strict=True):
        assert other["className"] == one.class_name
        np.testing.assert_allclose(other["probabilities"], list(one.probabilities.values()), atol=1e-5)
        assert (other["abstained"], other["offCorpus"]) == (one.abstained, one.off_corpus)
        if one.off_corpus_score is None:
            assert other["offCorpusScore"] is None
        else:
            assert other["offCorpusScore"] == pytest.approx(one.off_corpus_score, rel=1e-4)
    for place, coverage in enumerate(COVERAGES):
        for one, other in zip(classifier.predict_pixels(images, coverage=coverage), made, strict=True):
            assert [classifier.class_names[each] for each in other["sets"][place]] == list(one.prediction_set or ())


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    """Of half of the images it abstains, and half are unlike its corpus."""
    made = make_classifier()
    assert isinstance(made.off_corpus, OffCorpus)
    limit = float(np.median(made.off_corpus.measure(made.look(_images())[1])))
    threshold = float(np.median([each.probability for each in made.predict_pixels(_images())]))
    calibration = replace(made.calibration, abstention_threshold=threshold)
    return replace(made, off_corpus=replace(made.off_corpus, limit=limit), calibration=calibration)


def test_answers_are_those_of_the_classifier_and_some_images_are_unlike_its_corpus(
    classifier: Classifier, tmp_path: Path
) -> None:
    marked = [each.off_corpus for each in classifier.predict_pixels(_images())]
    assert 0 < sum(marked) < len(marked)
    assert len({each.abstained for each in classifier.predict_pixels(_images())}) == 2
    _check(classifier, tmp_path)


def test_a_classifier_that_looks_at_the_mirror_image_too_answers_with_the_mean(
    classifier: Classifier, tmp_path: Path
) -> None:
    mirrored = replace(classifier, engine=MirroredEngine(classifier.engine))
    assert describe(mirrored)["tta"] == "mirror"
    _check(mirrored, tmp_path)


@pytest.mark.parametrize("part", ["maps", "last", "nothing", "old"])
def test_the_score_may_lack_parts(classifier: Classifier, part: str, tmp_path: Path) -> None:
    score = classifier.off_corpus
    assert isinstance(score, OffCorpus)
    assert isinstance(score.last, NearestClass)
    other = {"maps": replace(score, maps=None), "last": replace(score, last=None), "nothing": None, "old": score.last}
    _check(replace(classifier, off_corpus=other[part]), tmp_path)


def test_powers_and_roots_count(classifier: Classifier, tmp_path: Path) -> None:
    score = classifier.off_corpus
    assert isinstance(score, OffCorpus)
    assert score.maps is not None
    steep = replace(score, maps=replace(score.maps, power=2.5, typical=0.7), pixels=replace(score.pixels, power=0.4))
    _check(replace(classifier, off_corpus=steep), tmp_path)


def test_what_the_score_is_made_of_stays_float32_where_weights_do_not() -> None:
    rng = np.random.default_rng(1)
    exact = {"off_corpus.pixels.mean": rng.random(7, np.float32)}
    index, data = pack({"kernel": rng.random((3, 3), np.float32)}, dtype="float16", exact=exact)
    entry = index["off_corpus.pixels.mean"]
    assert (index["kernel"]["dtype"], entry["dtype"]) == ("float16", "float32")
    np.testing.assert_array_equal(np.frombuffer(data, "<f4", 7, entry["offset"]), exact["off_corpus.pixels.mean"])


def test_the_look_of_pixels_is_described_with_the_numbers_of_the_classifier() -> None:
    rng, sizes = (
        np.random.default_rng(3),
        [(1, 1), (1, 7), (7, 2), (3, 3), (8, 8), (33, 47), (64, 96), (96, 63), (224, 200)],
    )
    images = [rng.integers(0, 256, (*size, 3), np.uint8) // (1 + place % 3) for place, size in enumerate(sizes)]
    script = """
    import { describePixels } from "./session/statistics.js";
    const made = given.map(([size, data]) => describePixels(Uint8Array.from(atob(data), (each) => each.charCodeAt(0)), size));
    console.log(JSON.stringify(made));
    """
    given = [[list(each.shape[:2]), base64.b64encode(each.tobytes()).decode()] for each in images]
    expected = np.concatenate([describe_pixels(each[None]) for each in images])
    np.testing.assert_allclose(run_module(script, given=given), expected, atol=2e-5)


def test_looks_of_any_numbers_give_the_score_of_python() -> None:
    """With activations from far below 0 to far above, also 0 itself."""
    score = make_classifier().off_corpus
    assert isinstance(score, OffCorpus)
    rng = np.random.default_rng(5)
    maps = (rng.normal(0, 1, (6, 16)) * 10.0 ** rng.integers(-6, 3, (6, 16))).astype(np.float32)
    maps[0] = 0
    images, features = rng.integers(0, 256, (6, 8, 8, 3), np.uint8), rng.normal(0, 3, (6, 16)).astype(np.float32)
    expected = score.score(Looks(maps, features, describe_pixels(images)))
    index, data = pack({}, dtype="float32", exact=score_tensors(score))
    given = {"off_corpus": describe_score(score), "tensors": index, "bytes": base64.b64encode(data).decode()}
    looks = [[a.tolist(), b.tolist(), c.ravel().tolist()] for a, b, c in zip(maps, features, images, strict=True)]
    script = """
    import { fromBase64 } from "./engine/tensors.js";
    import { offCorpusScore, readOffCorpus } from "./session/off_corpus.js";
    const score = readOffCorpus(given, fromBase64(given.bytes));
    const made = given.looks.map(([maps, features, pixels]) => offCorpusScore(score, { maps, features, pixels: Uint8Array.from(pixels), size: [8, 8] }));
    console.log(JSON.stringify(made));
    """
    np.testing.assert_allclose(run_module(script, given=given | {"looks": looks}), expected, rtol=1e-5)


def test_a_class_may_have_any_name() -> None:
    names = ["__proto__", "constructor", "<img src=x onerror=alert(1)>", "\u202eright to left", "a" * 300]
    script = """
    globalThis.ImageData = globalThis.ImageData ?? class {};
    import("./session/scripts.js").then(({ answerForScripts }) => {
      const answer = { className: given[0], probability: 0.2, probabilities: [0.2, 0.3, 0.1, 0.3, 0.1], logits: [1, 2, 3, 4, 5] };
      const made = answerForScripts(given, answer);
      console.log(JSON.stringify(Object.entries(made.probabilities)));
    });
    """
    assert run_module(script, given=names) == [
        list(each) for each in zip(names, [0.2, 0.3, 0.1, 0.3, 0.1], strict=True)
    ]
