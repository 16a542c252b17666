"""A network of the user's own: from a TOML file, or made in Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubel.architectures.catalogue import ARCHITECTURES, blueprint_from_json, find_architecture, make_blueprint
from hubel.architectures.families.cnn import CnnSpec, Group
from hubel.errors import HubelError, UnknownName, UnusableInput, WrongRequest
from hubel.pipeline.survey import Survey
from hubel.runs.request import TrainRequest
from hubel.workflows.training.choose import check_classes, choose

WHOLE = """
head = "average"
dense_units = [128, 64]
dropout = 0.3
batch_normalisation = false
activation = "none"
shared = false

[[groups]]
filters = 32
convolutions = 2
kernel_size = 5
pooling = "sum"
window = 3
padding = "valid"

[[groups]]
filters = 64
"""


def write(folder: Path, text: str, name: str = "my-net.toml") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_every_field_of_the_file_is_in_the_spec(tmp_path: Path):
    blueprint = make_blueprint(write(tmp_path, WHOLE), (40, 30), classes=7)
    assert blueprint.name == "my-net"
    assert blueprint.spec == CnnSpec(
        (40, 30),
        7,
        groups=(Group(32, 2, 5, "sum", 3, "valid"), Group(64)),
        dense_units=(128, 64),
        batch_normalisation=False,
        dropout=0.3,
        activation="none",
        shared=False,
        head="average",
    )
    assert blueprint_from_json(blueprint.to_json()) == blueprint


def test_what_the_file_leaves_out_has_the_usual_value(tmp_path: Path):
    path = write(tmp_path, "[[groups]]\nfilters = 8\n")
    assert make_blueprint(str(path), (8, 8), classes=2).spec == CnnSpec((8, 8), 2, groups=(Group(8),))
    assert make_blueprint(write(tmp_path, "", "empty.toml"), (8, 8), classes=2).spec == CnnSpec((8, 8), 2)


def test_a_name_is_a_name_and_a_path_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "dense_units = [9]", "residual.toml")
    assert find_architecture("residual") is ARCHITECTURES["residual"]
    assert find_architecture(ARCHITECTURES["dense"]) is ARCHITECTURES["dense"]
    own = find_architecture("residual.toml")
    assert own.name == "residual"
    assert own != ARCHITECTURES["residual"]
    assert own.make_spec((4, 4), 2) == find_architecture("./residual.toml").make_spec((4, 4), 2)
    with pytest.raises(UnknownName, match="Did you mean 'residual'"):
        find_architecture("residul")


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("dense_unit = [3]", WrongRequest, "my-net.toml: there is no field 'dense_unit'. Did you mean 'dense_units'"),
        ("[[groups]]\nfilter = 3", WrongRequest, "my-net.toml, group 1: there is no field 'filter'. Did you mean 'filters'"),
        ("[[groups]]\nkernel_size = 3", WrongRequest, "group 1: filters is missing"),
        ("[[groups]]\nfilters = 3\n[[groups]]\nfilters = 0", WrongRequest, "my-net.toml, group 2: filters must be a whole"),
        ("[[groups]]\nfilters = 3\npooling = 'min'", WrongRequest, "group 1: pooling must be one of max, average, sum, none"),
        ("[[groups]]\nfilters = '3'", WrongRequest, "group 1: filters must be a whole number from 1 to 2048. Received: '3'"),
        ("[groups]\nfilters = 3", WrongRequest, r"my-net.toml: groups are written \[\[groups\]\], with two brackets"),
        ("groups = [3]", WrongRequest, r"groups are written \[\[groups\]\]"),
        ("dense_units = 128", WrongRequest, r"dense_units must be a list, such as \[128\]. Received: 128"),
        ("dense_units = ['a']", WrongRequest, "my-net.toml: dense_units must be a whole number"),
        ("dropout = 1.5", WrongRequest, "my-net.toml: dropout must be a number from 0 to 0.9. Received: 1.5"),
        ("shared = 'no'", WrongRequest, "my-net.toml: shared must be true or false. Received: 'no'"),
        ("batch_normalisation = 1", WrongRequest, "batch_normalisation must be true or false"),
        ("head = 'globl'", WrongRequest, "my-net.toml: head must be one of flatten, average, max. Received: 'globl'"),
        ("image_size = [32, 32]", WrongRequest, "image_size comes from the corpus. Leave it out of the file. Choose another size with image_size\\."),
        ("classes = 3", WrongRequest, "my-net.toml: classes comes from the corpus"),
        ("dropout = ", UnusableInput, "my-net.toml is not TOML"),
        ("x = [" * 5000, HubelError, "my-net.toml is not TOML|too deep"),
        ("#" * 100_001, UnusableInput, "larger than 100,000 bytes"),
    ],
)  # fmt: skip
def test_a_wrong_file_names_the_file_and_the_field(tmp_path: Path, text: str, error: type[HubelError], words: str):
    with pytest.raises(error, match=words):
        find_architecture(write(tmp_path, text))


def test_a_file_that_is_not_there_names_one_that_is(tmp_path: Path):
    with pytest.raises(UnusableInput, match=r"There is no file .*my-nett.toml'. Write one: dense_units = \[128\]"):
        find_architecture(tmp_path / "my-nett.toml")
    write(tmp_path, "")
    with pytest.raises(UnusableInput, match="Did you mean 'my-net.toml'"):
        find_architecture(tmp_path / "my-nett.toml")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(UnusableInput, match="cannot be read"):
        find_architecture(tmp_path / "folder.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnusableInput, match="is not TOML"):
        find_architecture(tmp_path / "bytes.toml")
    with pytest.raises(WrongRequest, match=r"is a .toml file. Received: '.*my-net.json'"):
        find_architecture(tmp_path / "my-net.json")


def test_a_network_too_deep_for_the_image_names_the_file(tmp_path: Path):
    path = write(tmp_path, "[[groups]]\nfilters = 4\n" * 4)
    with pytest.raises(
        WrongRequest, match="my-net.toml: Group 4 would shrink a 1 x 1 map .* use at most 3 groups at 8"
    ):
        make_blueprint(path, (8, 8), classes=2)


SURVEY = Survey(((200, 150),), grey=False)


def request(architecture: object, **more: object) -> TrainRequest:
    return TrainRequest("x", Path("y"), architecture=architecture, **more)  # type: ignore[arg-type]


def test_a_file_works_at_the_size_of_small_images_and_at_64_pixels_of_large_ones(tmp_path: Path):
    path = write(tmp_path, WHOLE)
    choice = choose(request(path), SURVEY)
    assert (choice.architecture, choice.weights, choice.chosen_for_user) == ("my-net", "none", False)
    assert choice.preprocessing.size == (64, 64)
    assert choose(request(str(path)), Survey(((28, 28),), grey=True)).preprocessing.size == (28, 28)
    assert choose(request(path, image_size=96), SURVEY).preprocessing.size == (96, 96)


def test_a_spec_brings_its_own_image_size_unless_told():
    spec = CnnSpec((40, 30), 3, groups=(Group(4),))
    choice = choose(request(spec), SURVEY)
    assert choice.preprocessing.size == (40, 30)
    assert make_blueprint(choice.entry, (40, 30), classes=3).spec == spec
    assert choose(request(spec, image_size=48), SURVEY).preprocessing.size == (48, 48)
    check_classes(choice, 3)
    with pytest.raises(
        WrongRequest, match=r"for 3 classes, the corpus has 10: use dataclasses.replace\(spec, classes=10\)"
    ):
        check_classes(choice, 10)


def test_what_is_no_architecture_is_refused(tmp_path: Path):
    with pytest.raises(WrongRequest, match="channels must be 3. Received: 1"):
        request(CnnSpec((8, 8), 2, channels=1))
    with pytest.raises(WrongRequest, match=r"a name, the path of a .toml file or a CnnSpec. Received: 3"):
        request(3)
    path = write(tmp_path, WHOLE)
    with pytest.raises(
        WrongRequest,
        match="my-net has no pretrained weights. Leave out weights='imagenet', or choose another architecture: ",
    ):
        request(path, weights="imagenet")
    with pytest.raises(WrongRequest, match="my-net comes in one width. Received: alpha 0.5. Leave alpha out"):
        choose(request(path, alpha=0.5), SURVEY)
