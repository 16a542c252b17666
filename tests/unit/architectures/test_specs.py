"""Specs come out of files of strangers: every field has bounds, and what is outside of them is refused by its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubel.architectures.catalogue import find_architecture, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.architectures.families.residual import ResidualSpec, residual_spec
from hubel.architectures.families.small_cnn import small_cnn_spec
from hubel.architectures.families.weight_files import always, find_weight_file, never, not_here, question_of
from hubel.architectures.layers import SumPooling2D
from hubel.architectures.spec import Spec, check, check_flag, check_one_of, spec_from_json
from hubel.architectures.spec_file import read_spec_file
from hubel.architectures.walk import walk
from hubel.backends.framework import keras
from hubel.errors import UnusableInput, WrongRequest


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: CnnSpec((8,), 2), "image_size must be (height, width). Received: (8,)."),
        (lambda: CnnSpec((8, 1025), 2), "image_size must be a whole number from 1 to 1024. Received: 1025."),
        (lambda: CnnSpec((8, 8), 1), "classes must be a whole number from 2 to 20000. Received: 1."),
        (lambda: CnnSpec((8, 8), 2, channels=0), "channels must be a whole number from 1 to 1024. Received: 0."),
        (lambda: CnnSpec((8, 8), True), "classes must be a whole number from 2 to 20000. Received: True."),
        (lambda: CnnSpec((8, 8), 2, groups=(Group(1),) * 9), "the number of groups must be a whole number from 0 to 8. Received: 9."),
        (lambda: CnnSpec((8, 8), 2, dense_units=(1,) * 9), "the number of dense layers must be a whole number from 0 to 8. Received: 9."),
        (lambda: CnnSpec((8, 8), 2, dense_units=(20_001,)), "dense_units must be a whole number from 1 to 20000. Received: 20001."),
        (lambda: CnnSpec((8, 8), 2, dropout=0.91), "dropout must be a number from 0 to 0.9. Received: 0.91."),
        (lambda: CnnSpec((8, 8), 2, activation="tanh"), "activation must be one of relu, none. Received: 'tanh'."),
        (lambda: CnnSpec((8, 8), 2, head="sum"), "head must be one of flatten, average, max. Received: 'sum'."),
        (lambda: CnnSpec((8, 8), 2, shared="yes"), "shared must be true or false. Received: 'yes'."),
        (lambda: CnnSpec((8, 8), 2, batch_normalisation=1), "batch_normalisation must be true or false. Received: 1."),
        (lambda: Group(2049), "filters must be a whole number from 1 to 2048. Received: 2049."),
        (lambda: Group(8, convolutions=0), "convolutions must be a whole number from 1 to 8. Received: 0."),
        (lambda: Group(8, kernel_size=3.5), "kernel_size must be a whole number from 1 to 31. Received: 3.5."),
        (lambda: Group(8, pooling="min"), "pooling must be one of max, average, sum, none. Received: 'min'."),
        (lambda: Group(8, padding=None), "padding must be one of valid, same. Received: None."),
        (lambda: ResidualSpec((8, 8), 2, widths=(8, 16), blocks=(1,)), "blocks needs 2 numbers, one for each width. Received: (1,)."),
        (lambda: ResidualSpec((8, 8), 2, widths=(), blocks=()), "the number of widths must be a whole number from 1 to 8. Received: 0."),
        (lambda: ResidualSpec((8, 8), 2, blocks=(0, 17, 1)), "blocks must be a whole number from 0 to 16. Received: 17."),
        (lambda: ResidualSpec((8, 8), 2, stem_kernel=16), "stem_kernel must be a whole number from 1 to 15. Received: 16."),
    ],
)  # fmt: skip
def test_a_field_outside_of_its_bounds_is_named_with_them(make: Any, said: str):
    with pytest.raises(WrongRequest) as refused:
        make()
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("groups", "size", "said"),
    [
        # 4 pixels pooled by 2 are 2, then 1; the third group has nothing left to pool
        ((Group(4),) * 3, (4, 4), ("Group 3", "use at most 2 groups at 4 x 4 pixels", "use images of at least 8 x 8 pixels")),
        ((Group(4, kernel_size=5, padding="valid"),), (4, 9), ("Group 1", "use images of at least 6 x 6 pixels")),
    ],
)  # fmt: skip
def test_a_group_that_does_not_fit_says_at_which_size_it_would(groups: Any, size: Any, said: tuple[str, ...]):
    with pytest.raises(WrongRequest) as refused:
        CnnSpec(size, 2, groups=groups)
    text = str(refused.value)
    assert [part for part in said if part not in text] == []
    side = int(said[-1].split()[-2])
    assert CnnSpec((side, side), 2, groups=groups).groups == groups
    with pytest.raises(WrongRequest):
        CnnSpec((side - 1, side - 1), 2, groups=groups)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "CnnSpec must be an object. Received: list."),
        (None, "CnnSpec must be an object. Received: NoneType."),
        ({"image_size": [8, 8], "classes": 2, "layers": 3}, "CnnSpec has no field 'layers'. Known: activation, batch_normalisation, "),
        ({"image_size": [8, 8]}, "CnnSpec: "),
        ({"image_size": [8, 8], "classes": 2, "groups": ["wide"]}, "Group must be an object. Received: str."),
        ({"image_size": [8, 8], "classes": 2, "groups": [{"filters": 2, "stride": 1}]}, "Group has no field 'stride'. Known: convolutions, "),
    ],
)  # fmt: skip
def test_what_is_no_spec_is_refused_by_its_field(document: object, said: str):
    with pytest.raises(WrongRequest) as refused:
        spec_from_json(CnnSpec, document)
    assert str(refused.value).startswith(said)


GROUPS = st.builds(
    Group,
    st.integers(1, 2048),
    st.integers(1, 8),
    st.integers(1, 31),
    st.sampled_from(["max", "average", "sum", "none"]),
    st.just(1),
    st.just("same"),
)


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 1024), st.integers(1, 1024)), classes=st.integers(2, 20_000),
    groups=st.lists(GROUPS, max_size=3), units=st.lists(st.integers(1, 20_000), max_size=3),
    dropout=st.floats(0, 0.9), flags=st.tuples(st.booleans(), st.booleans()),
)  # fmt: skip
def test_a_spec_written_as_plain_data_is_the_same_spec_again(size, classes, groups, units, dropout, flags):
    spec = CnnSpec(
        size, classes, groups=tuple(groups), dense_units=tuple(units), dropout=dropout, shared=flags[0],
        batch_normalisation=flags[1],
    )  # fmt: skip
    assert spec_from_json(CnnSpec, spec.to_json()) == spec


def test_parameters_of_a_small_network_are_counted_by_hand():
    spec = CnnSpec(
        (8, 8), 5, groups=(Group(4, kernel_size=3), Group(6, convolutions=2, kernel_size=5)), dense_units=(7,)
    )
    # a normalised convolution has no bias, but scale, offset, mean and variance of each of its filters
    convolutions = 3 * 3 * 3 * 4 + 4 * 4 + 5 * 5 * 4 * 6 + 4 * 6 + 5 * 5 * 6 * 6 + 4 * 6
    flat = 2 * 2 * 6  # 8 pixels, halved twice
    assert spec.count_parameters() == convolutions + (flat * 7 + 7) + (7 * 5 + 5)
    macs = 64 * 27 * 4 + 16 * 100 * 6 + 16 * 150 * 6 + flat * 7 + 7 * 5
    assert spec.count_work() == (macs, 8 * 8 * 4)


@pytest.mark.parametrize("value", [True, 1.0, "1", None, 0, 11])
def test_a_whole_number_is_neither_a_flag_nor_a_text(value: object):
    with pytest.raises(WrongRequest, match="n must be a whole number from 1 to 10. Received: "):
        check("n", value, 1, 10)


def test_checks_let_through_what_is_allowed():
    check("n", 10, 1, 10)
    check("x", 0.5, 0, 1, whole=False)
    check_flag("f", value=False)
    check_one_of("w", "a", known=("a", "b"))
    with pytest.raises(WrongRequest, match="x must be a number from 0 to 1. Received: 1.5."):
        check("x", 1.5, 0, 1, whole=False)


def test_the_width_of_a_network_without_one_is_refused():
    with pytest.raises(WrongRequest, match="dense comes in one width. Received: alpha 0.5. Leave alpha out"):
        make_blueprint("dense", (8, 8), classes=2, alpha=0.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("image_size = [8, 8]", "image_size comes from the corpus. Leave it out of the file. Choose another size with image_size."),
        ("classes = 3", "classes comes from the corpus. Leave it out of the file."),
        ("dropuot = 0.1", "there is no field 'dropuot'. Did you mean 'dropout'? Known: "),
        ("[groups]\nfilters = 3", "groups are written [[groups]], with two brackets, above the fields of each."),
        ("dense_units = 12", "dense_units must be a list, such as [128]. Received: 12."),
        ("[[groups]]\nconvolutions = 2", "group 1: filters is missing: say how many feature maps, such as filters = 32."),
        ("[[groups]]\nfilters = 2\n[[groups]]\nfilters = 0", "group 2: filters must be a whole number from 1 to 2048. Received: 0."),
        ("dropout = 2", "dropout must be a number from 0 to 0.9. Received: 2."),
    ],
)  # fmt: skip
def test_a_mistake_in_a_file_of_ones_own_is_named_with_the_file(text: str, said: str, tmp_path: Path):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(WrongRequest) as refused:
        read_spec_file(path)
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("mine.txt", b"", "A network of your own is a .toml file. Received: "),
        ("mine.toml", b"= 3", "is not TOML"),
        ("mine.toml", b"\xff\xfe", "is not TOML"),
        ("mine.toml", b"# " + b"x" * 100_001, "is larger than 100,000 bytes: it cannot describe a network."),
        ("mnie.toml", None, "Did you mean 'other.toml'?"),
        ("zzz.toml", None, "Write one: dense_units = [128]"),
    ],
)
def test_what_is_no_file_of_a_network_says_what_one_is(name: str, content: bytes | None, said: str, tmp_path: Path):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    elif "Did you mean" in said:
        name = "othre.toml"
        (tmp_path / "other.toml").write_text("")
    with pytest.raises((UnusableInput, WrongRequest)) as refused:
        read_spec_file(tmp_path / name)
    assert said in str(refused.value)


def test_a_person_is_asked_with_the_size_of_the_download(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    # 3.2 million weights of 4 bytes at full width; a quarter of the width has a sixteenth of them
    assert question_of("mobilenet", 1.0) == (
        "Download the ImageNet weights of mobilenet (about 13 MB) from storage.googleapis.com?"
    )
    assert "(about 1 MB)" in question_of("mobilenet", 0.25)
    assert not_here("mobilenet", 0.25).startswith(
        "The ImageNet weights of mobilenet (alpha 0.25) are not on this machine"
    )
    assert (never("?"), always("?")) == (False, True)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert find_weight_file("mobilenet", 0.25) is None


def test_an_unknown_order_of_axes_is_refused():
    with pytest.raises(WrongRequest, match="data_format must be one of .*channels_last.* Received: 'last'"):
        SumPooling2D(2, data_format="last")


def test_what_cannot_be_followed_says_why():
    layers = keras.layers
    model = keras.Sequential([keras.Input((4, 4, 1)), layers.Flatten(name="flat"), layers.Dense(2, name="logits")])
    with pytest.raises(UnusableInput, match="There is no layer 'conv' to start after. Give the name of one."):
        walk(model, behind="conv")
    with pytest.raises(UnusableInput, match="The Sequential model 'none' has no layers. Add some, and save it again."):
        walk(keras.Sequential(name="none"))
    first, second = keras.Input((2,)), keras.Input((2,))
    two = keras.Model([first, second], layers.Add()([first, second]))
    with pytest.raises(UnusableInput, match="follows models with one image as input; this one has 2 inputs"):
        walk(two)
    with pytest.raises(UnusableInput, match="The model takes 2.*, not images. Leave input out"):
        walk(keras.Sequential([keras.Input((2,)), layers.Dense(1)]), image_shape=(4, 4))


@pytest.mark.parametrize(
    ("spec", "gains"),
    [
        (residual_spec((32, 32), 10), True),
        (residual_spec((16, 40), 10), True),
        (residual_spec((40, 15), 10), False),
        (small_cnn_spec((32, 32), 10), True),
        (small_cnn_spec((8, 8), 10), False),
        (replace(small_cnn_spec((32, 32), 10), batch_normalisation=False), False),
        (replace(small_cnn_spec((32, 32), 10), shared=False), False),
        (CnnSpec((32, 32), 10, dense_units=(64,)), False),
        (make_blueprint(find_architecture("mobilenet"), (96, 96), classes=10).spec, False),
    ],
    ids=str,
)
def test_networks_of_normalised_convolutions_on_images_that_are_large_enough_gain_by_fusing(spec: Spec, gains: bool):
    assert spec.gains_by_fusing is gains
