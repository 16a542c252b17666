"""Words of a command, said in Python: what is taken for a size, a run, a place; and what is refused before it starts."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

import hubel
from hubel.api.drawn import LayerImage
from hubel.api.explain import MARK, explain
from hubel.api.words import numbers_of, optional_path, path_of, said_of_a_model
from hubel.corpus.reading import Reading
from hubel.errors import WrongRequest
from hubel.wishes import Wish
from hubel.workflows.evaluating.score_wishes import ScoreWishes, check_score_of_a_model, check_score_of_a_run
from hubel.workflows.opening import NOTHING_SAID, Said


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ((5, 7), (5, 7)), ([5, 7], (5, 7)), ("5,7", (5, 7)), ("5x7", (5, 7)), ("5×7", (5, 7)), ("5X7", (5, 7)),
        (np.array([5, 7]), (5, 7)), (" 5 , 7 ", (5, 7)), (5, (5,)), (None, None), ((0, 0), (0, 0)),
    ],
)  # fmt: skip
def test_places_and_sizes_are_numbers_or_text(given: Any, numbers: tuple[int, ...] | None):
    assert numbers_of(given, name="at", counts=(1, 2), example="(5, 7)") == numbers


@pytest.mark.parametrize("given", [(1, 2, 3), "5", "a,b", (-1, 2), "", object(), (1.5, None)])
def test_what_is_no_place_says_what_is(given: Any):
    with pytest.raises(WrongRequest, match=r"at takes whole numbers from 0, such as \(5, 7\). Received: "):
        numbers_of(given, name="at", counts=(2,), example="(5, 7)")


def test_a_run_is_a_path_or_what_train_returned():
    assert (
        path_of("runs/a") == path_of(Path("runs/a")) == path_of(SimpleNamespace(path=Path("runs/a"))) == Path("runs/a")
    )
    with pytest.raises(WrongRequest, match="Give a run's folder, or what hubel.train returned. Received: int."):
        path_of(3)
    assert optional_path(None) is None
    assert optional_path("x") == Path("x")


def test_what_is_said_of_a_model_is_passed_on():
    assert said_of_a_model(pixels=None, size=None) == NOTHING_SAID
    said = said_of_a_model(pixels="0..1", size="32x48", class_names=Path("names.txt"))
    assert said == Said("names.txt", "0..1", (32, 48))
    assert [str(option.value) for option in said.options] == ["names.txt", "0..1", "32x48"]


def drawn(values: np.ndarray | None = None) -> LayerImage:
    buffer = io.BytesIO()
    Image.fromarray(np.arange(24, dtype=np.uint8).reshape(2, 4, 3)).save(buffer, "PNG")
    return LayerImage("Filters", "conv", buffer.getvalue(), values)


def test_a_drawn_image_is_pixels_a_file_and_a_line_of_text(tmp_path: Path):
    image = drawn(np.zeros((3, 3, 1, 8), np.float32))
    np.testing.assert_array_equal(image.pixels, np.arange(24, dtype=np.uint8).reshape(2, 4, 3))
    image.save(tmp_path / "filters.PNG")
    assert (tmp_path / "filters.PNG").read_bytes() == image.png
    assert repr(image) == "<Filters of 'conv', values float32 [3, 3, 1, 8]; .save(path), .pixels>"
    assert repr(drawn()) == "<Filters of 'conv'; .save(path), .pixels>"
    with pytest.raises(WrongRequest, match="written as PNG: end its name in .png. Received: 'filters.jpg'"):
        image.save("filters.jpg")


def test_each_wish_is_explained_where_it_is_taken():
    @explain({"epochs": Wish(int, "Passes over the images."), "unused": Wish(int, "Never seen.")})
    def train(corpus: str, *, epochs: int) -> None:
        """Train.

        Args:
            corpus: the images.
            the wishes: each as its row in `hubel.wishes` says.
            last: more.
        """

    assert MARK not in str(train.__doc__)
    assert [line.strip() for line in str(train.__doc__).splitlines()][3:6] == [
        "corpus: the images.", "epochs: passes over the images.", "last: more.",
    ]  # fmt: skip
    assert "Never seen" not in str(train.__doc__)


def wishes(**given: Any) -> ScoreWishes:
    nothing = {
        "run": Path("runs/a"), "corpus": None, "against": None, "strangers": None, "reading": Reading(),
        "said": NOTHING_SAID, "out": None, "overwrite": False,
    }  # fmt: skip
    return ScoreWishes(**{**nothing, **given})


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"against": Path("runs/b")}, "against needs what a run recorded, and runs/a is a model file. Leave out against."),
        ({"strangers": "cats"}, "strangers needs what a run recorded, and runs/a is a model file. Leave out strangers."),
        ({"overwrite": True, "corpus": "photos"}, "overwrite replaces a report that is there. Name its folder: out=FOLDER; or leave out overwrite."),
        ({}, "runs/a is a model file and has no test images of its own. Name some: hubel.evaluate('runs/a', CORPUS, class_names=FILE)"),
    ],
)  # fmt: skip
def test_of_a_model_file_only_a_score_on_a_corpus_can_be_had(given: dict[str, Any], said: str):
    with pytest.raises(WrongRequest) as refused:
        check_score_of_a_model(wishes(**given))
    assert str(refused.value) == said
    assert check_score_of_a_model(wishes(corpus="photos", out=Path("x"), overwrite=True)) == "photos"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"said": Said(pixels="0..1")}, "pixels is for model files, and runs/a is a run, which knows this itself. Leave out pixels."),
        ({"against": Path("b.keras")}, "against takes a run, and b.keras is a model file. Score it alone: hubel.evaluate('b.keras', CORPUS, class_names=FILE)"),
        ({"out": Path("x")}, "out is for the report of a model file. A run has its own: runs/a/report.html. Leave out out."),
        ({"overwrite": True}, "overwrite is for the report of a model file. A run has its own: runs/a/report.html. Leave out overwrite."),
        ({"reading": Reading(label_column=("kind",))}, "label_column says how a corpus is read; the run's own is read as in training. Name a corpus, or leave out label_column."),
        ({"strangers": "cats", "corpus": "photos"}, "strangers is measured alone, with the run's own test images, but the corpus 'photos' was given too. Ask for one at a time."),
        ({"strangers": "cats", "against": Path("runs/b")}, "strangers is measured alone, with the run's own test images, but against was given too. Ask for one at a time."),
    ],
)  # fmt: skip
def test_what_does_not_go_together_for_a_run_is_said(given: dict[str, Any], said: str):
    with pytest.raises(WrongRequest) as refused:
        check_score_of_a_run(wishes(**given))
    assert str(refused.value) == said


def test_what_goes_together_is_let_through():
    check_score_of_a_run(wishes())
    check_score_of_a_run(wishes(corpus="photos", against=Path("runs/b")))
    check_score_of_a_run(wishes(strangers="cats", reading=Reading(label_column=("kind",))))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"stacks": True, "target": "dense"}, "stacks describes no network: leave target, input, classes and units out."),
        ({}, 'Say what to look at: hubel.anatomy("small-cnn"), or hubel.anatomy(stacks=True).'),
        ({"target": "dense", "kernel": 5}, "kernel and channels belong to stacks: leave them out, or add stacks=True."),
        ({"target": "dense", "channels": 8}, "kernel and channels belong to stacks: leave them out, or add stacks=True."),
        ({"target": "dense", "out": "x.png"}, "out takes a file that ends in .svg. Received: 'x.png'."),
        ({"target": "dense", "input": "7"}, "input takes whole numbers from 0, such as (100, 100, 1). Received: '7'."),
        ({"target": "lenet5", "units": 5}, "units is the size of the first hidden layer of dense; lenet5 has none to set. Use hubel.anatomy('dense', units=N)."),
        ({"target": "dense", "input": (0, 5)}, "input must be HEIGHTxWIDTH or HEIGHTxWIDTHxCHANNELS, each from 1 to 16,384. Received: 0x5."),
    ],
)  # fmt: skip
def test_anatomy_refuses_what_does_not_go_together(words: dict[str, Any], said: str):
    with pytest.raises(WrongRequest) as refused:
        hubel.anatomy(**words)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: hubel.trace("run", layer="last"), "Give the image: hubel.trace(run, image, layer='last')"),
        (lambda: hubel.trace("run", "i.png", layer="last", out="x.gif"), "out takes a file that ends in .png or .svg. Received: 'x.gif'."),
        (lambda: hubel.maps("run", layer="last"), "Give the image: hubel.maps(run, image, layer='last')"),
        (lambda: hubel.maps("run", "i.png", out="x.svg"), "out takes a file that ends in .png. Received: 'x.svg'."),
        (lambda: hubel.filters("run", layer=1, corpus="photos"), "corpus and filter choose what excite looks for: add excite=True, or leave them out."),
        (lambda: hubel.filters("run", layer=1, filter=3), "corpus and filter choose what excite looks for: add excite=True, or leave them out."),
        (lambda: hubel.convolve(kernel=None), "kernel is a name, rows of numbers, a CSV file, or an array. Received: None."),
        (lambda: hubel.convolve(kernel=[]), "A kernel is [height, width], with at least one weight. Received: [0]."),
        (lambda: hubel.convolve(kernel=[[1, 2], [3]]), "The kernel is not an array of numbers: every row needs as many as the first."),
        (lambda: hubel.convolve([[np.nan]], kernel=[[1]]), "The matrix holds NaN or infinite values. Give finite numbers."),
        (lambda: hubel.convolve(np.zeros((2, 2, 2)), kernel=[[1]]), "A matrix is [height, width], [height, width, 1] or [height, width, 3], and not empty. Received: [2, 2, 2]."),
        (lambda: hubel.convolve([[1]], kernel=[[1]], channel="red"), "channel='red' is for image files; for an array, give image[..., 0]."),
        (lambda: hubel.convolve(channel="purple"), "The channel must be one of grey, red, green, blue, all. Received: 'purple'."),
        (lambda: hubel.convolve(bias=float("inf")), "bias must be a finite number. Received: inf."),
        (lambda: hubel.convolve(stride=0), "stride takes one or two whole numbers from 1, such as 2 or (2, 1). Received: 0."),
        (lambda: hubel.pool(mode="median"), "The mode must be one of max, average, sum. Received: 'median'."),
        (lambda: hubel.pool(window=None), "window takes one or two whole numbers from 1, such as 2 or (2, 1). Received: None."),
    ],
)  # fmt: skip
def test_wrong_words_say_what_is_right(call: Any, said: str):
    with pytest.raises(WrongRequest) as refused:
        call()
    assert str(refused.value) == said
