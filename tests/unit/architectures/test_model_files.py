"""Model files of all kinds: told apart by content, read or refused with a cure, and each cure carried out."""

from __future__ import annotations

import json
import pickle
import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
from tests.made import model_files as made

from hubel.architectures.file_kinds import KINDS, find_kind
from hubel.architectures.foreign import load_foreign_model, read_foreign
from hubel.backends.framework import keras
from hubel.errors import UnusableInput

tf = pytest.importorskip("tensorflow")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Kind → a file of it. No name ends as such files' names do."""
    place = tmp_path_factory.mktemp("kinds")
    model = made.model()
    model.save(place / "zip.keras")
    (place / "zip.keras").rename(place / "a.bin")
    model.save(place / "b", zipped=False)
    model.save(place / "whole.h5")
    (place / "whole.h5").rename(place / "c.bin")
    model.save_weights(place / "new.weights.h5")
    (place / "d.txt").write_text(model.to_json())
    made.legacy_weights(place / "old.h5")
    with h5py.File(place / "e.bin", "w") as file:
        file["images"] = np.zeros(3)
    (place / "f.bin").write_bytes((place / "c.bin").read_bytes()[:3000])
    (place / "g.bin").write_bytes((place / "a.bin").read_bytes()[:3000])
    (place / "h.bin").write_bytes(pickle.dumps(made.model()))  # saving as .h5 takes the optimizer off
    own = {
        "keras-zip": "a.bin", "keras-folder": "b", "h5-model": "c.bin", "keras-json": "d.txt", "hdf5": "e.bin",
        "keras-weights": "new.weights.h5", "h5-weights": "old.h5", "broken-hdf5": "f.bin", "broken-zip": "g.bin",
        "pickle": "h.bin",
    }  # fmt: skip
    return {kind: place / name for kind, name in own.items()} | made.by_hand(place)


def test_every_kind_is_told_by_its_content(files: dict[str, Path]):
    found = {kind: find_kind(path) for kind, path in files.items()}
    assert found == {kind: kind.split(" ")[0] for kind in files}
    assert set(found.values()) == KINDS.keys()
    assert all(find_kind(path) for path in files.values())


def test_what_is_read_has_its_numbers_whatever_its_name(files: dict[str, Path]):
    expected = made.answers(made.model())
    for kind in ("keras-zip", "keras-folder", "h5-model"):
        assert read_foreign(files[kind]).model.count_params() == made.PARAMETERS
        np.testing.assert_allclose(made.answers(load_foreign_model(files[kind])), expected, rtol=1e-5)
    assert read_foreign(files["keras-json"]).model.count_params() == made.PARAMETERS
    with pytest.raises(UnusableInput, match="architecture of a Keras model and holds no weights"):
        load_foreign_model(files["keras-json"])


def test_every_other_kind_is_refused_by_its_name_with_a_cure(files: dict[str, Path]):
    for kind, path in files.items():
        if not KINDS[kind.split(" ")[0]].cure:
            continue
        for door in (read_foreign, load_foreign_model):
            with pytest.raises(UnusableInput) as refused:
                door(path)
            start = f"{path} is {KINDS[kind.split(' ')[0]].title}. "
            assert str(refused.value).startswith(start)
            assert len(str(refused.value)) > len(start) + 20
            assert "{" not in str(refused.value)


def test_a_zip_is_one_wherever_the_weights_lie_in_it(files: dict[str, Path], tmp_path: Path):
    """HDF5 may begin after 2048 bytes too, which is where the weights of a .keras file lie by chance."""
    weights = (files["keras-folder"] / "model.weights.h5").read_bytes()
    start = made.zipped(tmp_path / "a", {"config.json": b"", "w": weights}).read_bytes().index(weights)
    path = made.zipped(tmp_path / "b", {"config.json": b" " * (2048 - start), "w": weights})
    assert path.read_bytes().index(weights) == 2048
    assert h5py.is_hdf5(path)
    assert find_kind(path) == "keras-zip"


@pytest.mark.parametrize(
    "content",
    [b"", b"\x08", b"PK", b"hello, this is no model\n", b"\x80\x02 not a pickle", b"{}", b'{"classes": 3}', bytes(100),
     b"\xff\xd8\xff\xe0 a photo", b"\x08\x08" + b"\x3a\x7f" + bytes(3), b"\x89HDF", b"[1, 2]", b"{" * 5000],
)  # fmt: skip
def test_what_is_no_model_is_not_taken_for_one(content: bytes, tmp_path: Path):
    (tmp_path / "x.keras").write_bytes(content)
    assert find_kind(tmp_path / "x.keras") is None
    with pytest.raises(
        UnusableInput, match=r"x.keras is not a .keras file, nor any other kind of model that Hubel knows"
    ):
        read_foreign(tmp_path / "x.keras")


def test_a_folder_is_no_missing_file_and_a_run_no_foreign_model(tmp_path: Path):
    (tmp_path / "x.keras").mkdir()
    with pytest.raises(UnusableInput, match="x.keras is a folder without a model: it holds neither config.json with"):
        read_foreign(tmp_path / "x.keras")
    made.model().save(tmp_path / "net", zipped=False)
    assert find_kind(tmp_path / "net") is not None
    (tmp_path / "net" / "classifier").mkdir()
    assert find_kind(tmp_path / "net") is None
    assert find_kind(tmp_path / "missing.keras") is None
    with pytest.raises(UnusableInput, match="There is no file .*missing.keras"):
        read_foreign(tmp_path / "missing.keras")


def test_a_file_of_keras_2_is_refused_with_its_version_and_its_h5_is_read(tmp_path: Path):
    path = made.keras_2_zip(tmp_path / "two.keras")
    with pytest.raises(Exception, match="batch_input_shape|could not be deserialized"):
        keras.saving.load_model(path)
    with pytest.raises(UnusableInput) as refused:
        read_foreign(path)
    assert "is a .keras file written by Keras 2.15.0, and Keras 3 does not open it" in str(refused.value)
    assert "with TensorFlow 2.13 to 2.15: tf.keras.models.load_model('two.keras').save('name.h5')" in str(refused.value)
    path, kernel, dense = made.keras_2_h5(tmp_path / "name.h5")
    assert read_foreign(path).model.count_params() == kernel.size + dense.size + made.FILTERS + made.CLASSES
    loaded = load_foreign_model(path)
    np.testing.assert_array_equal(loaded.get_layer("conv2d").get_weights()[0], kernel)
    np.testing.assert_array_equal(loaded.get_layer("dense").get_weights()[0], dense)
    with h5py.File(path) as file:  # as its to_json() wrote it, beside a file of weights
        (tmp_path / "two.json").write_text(file.attrs["model_config"])
    assert read_foreign(tmp_path / "two.json").model.count_params() == loaded.count_params()


def test_a_functional_model_of_keras_2_is_refused_as_what_it_is(tmp_path: Path):
    config = {
        "module": "keras.src.engine.functional",
        "class_name": "Functional",
        "config": {},
        "registered_name": "Functional",
    }
    metadata = json.dumps({"keras_version": "2.14.0"}).encode()
    path = made.zipped(tmp_path / "f.keras", {"metadata.json": metadata, "config.json": json.dumps(config).encode()})
    with pytest.raises(UnusableInput, match=r"written by Keras 2.14.0"):
        read_foreign(path)


def cured(model: keras.Model, path: Path) -> None:
    """The end of most cures: the whole model is saved, and Hubel reads it."""
    model.save(path / "name.keras")
    found = load_foreign_model(path / "name.keras")
    np.testing.assert_allclose(made.answers(found), made.answers(made.model()), rtol=1e-5)


@pytest.mark.parametrize("kind", ["h5-weights", "keras-weights"])
def test_cure_of_weights_without_an_architecture(kind: str, files: dict[str, Path], tmp_path: Path):
    model = made.build()
    model.load_weights(files[kind])
    cured(model, tmp_path)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
def test_cure_of_a_saved_model(tmp_path: Path):
    made.model().export(tmp_path / "saved", verbose=False)
    assert find_kind(tmp_path / "saved") == "saved-model"
    assert find_kind(tmp_path / "saved" / "saved_model.pb") == "saved-model-graph"
    model = made.build()
    model.set_weights([v.numpy() for v in tf.saved_model.load(str(tmp_path / "saved")).variables])
    cured(model, tmp_path)


def test_cure_of_a_checkpoint_of_tensorflow(tmp_path: Path):
    tf.train.Checkpoint(model=made.model()).write(str(tmp_path / "net"))
    assert find_kind(tmp_path / "net.index") == "tensorflow-checkpoint"
    model = made.build()
    tf.train.Checkpoint(model=model).restore(str(tmp_path / "net")).expect_partial()
    cured(model, tmp_path)


def test_cure_of_safetensors(tmp_path: Path):
    from safetensors.numpy import load_file

    path = made.safetensors(tmp_path / "net.safetensors", {f"{n:02}": each for n, each in enumerate(made.weights())})
    model = made.build()
    model.set_weights([array for _, array in sorted(load_file(path).items())])
    cured(model, tmp_path)


def test_cure_of_a_pickle(files: dict[str, Path], tmp_path: Path):
    cured(pickle.loads(files["pickle"].read_bytes()), tmp_path)


def test_cure_of_weights_from_pytorch():
    """Its convolution is the sum over each window, as here by NumPy, with kernels [out, in, height, width]."""
    random = np.random.default_rng(0)
    kernel, image = random.normal(size=(4, 3, 3, 2)), random.normal(size=(3, 6, 5))
    expected = [
        [[(image[:, r : r + 3, c : c + 2] * each).sum() for c in range(4)] for r in range(4)] for each in kernel
    ]  # [out, height, width]
    layer = keras.layers.Conv2D(4, (3, 2), use_bias=False)
    layer.build((None, 6, 5, 3))
    layer.set_weights([kernel.transpose(2, 3, 1, 0)])
    found = keras.ops.convert_to_numpy(layer(image.transpose(1, 2, 0)[None].astype(np.float32)))[0]
    np.testing.assert_allclose(found.transpose(2, 0, 1), expected, rtol=1e-4, atol=1e-5)


def test_cure_of_a_zipped_folder(files: dict[str, Path], tmp_path: Path):
    (tmp_path / "inside").mkdir()
    shutil.copytree(files["keras-folder"], tmp_path / "inside" / "net")
    packed = Path(shutil.make_archive(str(tmp_path / "packed"), "zip", tmp_path / "inside"))
    assert find_kind(packed) == "zipped-folder"
    shutil.unpack_archive(packed, tmp_path / "out")
    assert load_foreign_model(tmp_path / "out" / "net").count_params() == made.PARAMETERS


def test_operations_of_tensorflow_in_a_file_of_keras_2_are_named_with_a_cure(tmp_path: Path):
    path, _, _ = made.keras_2_h5(tmp_path / "ops.h5")
    with h5py.File(path, "a") as file:
        config = json.loads(file.attrs["model_config"])
        part = {"class_name": "TFOpLambda", "config": {"name": "tf.math.truediv", "function": "math.truediv"}}
        config["config"]["layers"].insert(1, part)
        file.attrs["model_config"] = json.dumps(config)
    with pytest.raises(UnusableInput) as refused:
        read_foreign(path)
    assert "has a TFOpLambda layer (named 'tf.math.truediv'), and it calls a function of TensorFlow" in str(
        refused.value
    )
    assert "here 'math.truediv'" in str(refused.value)
    assert "layers.Rescaling(1 / 127.5, offset=-1) for x / 127.5 - 1" in str(refused.value)
    pixels = np.array([[0.0, 51.0, 255.0]], np.float32)
    found = keras.ops.convert_to_numpy(keras.layers.Rescaling(1 / 127.5, offset=-1)(pixels))
    np.testing.assert_allclose(found, pixels / 127.5 - 1, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_an_operation_in_an_h5_file_is_refused_as_keras_does_and_the_cure_works(tmp_path: Path):
    image = keras.Input((4, 4, 1))
    model = keras.Model(image, keras.ops.relu(keras.layers.Conv2D(2, 3)(image)))
    model.save(tmp_path / "ops.h5")
    with pytest.raises(Exception, match="Unknown layer: 'Relu'"):
        keras.saving.load_model(tmp_path / "ops.h5")
    with pytest.raises(
        UnusableInput, match="needs 'Relu' .*, an operation of keras.ops, without its module"
    ) as refused:
        read_foreign(tmp_path / "ops.h5")
    assert "Save the model with model.save('name.keras')" in str(refused.value)
    model.save(tmp_path / "name.keras")
    assert load_foreign_model(tmp_path / "name.keras").count_params() == 20


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built")
def test_a_model_that_was_never_built_holds_no_weights(tmp_path: Path):
    keras.Sequential([keras.layers.Conv2D(2, 3), keras.layers.Flatten()]).save(tmp_path / "early.keras")
    with pytest.raises(
        UnusableInput, match="saved before it was built, so it holds no weights. Begin it with keras.Input"
    ):
        load_foreign_model(tmp_path / "early.keras")


def test_weights_that_are_missing_inside_a_layer_are_not_made_up(tmp_path: Path):
    cells = keras.layers.RNN([keras.layers.LSTMCell(3), keras.layers.LSTMCell(2)])
    keras.Sequential([keras.Input((4, 5)), cells]).save(tmp_path / "net", zipped=False)
    assert load_foreign_model(tmp_path / "net").count_params() == 4 * 3 * (5 + 3 + 1) + 4 * 2 * (3 + 2 + 1)
    with h5py.File(tmp_path / "net" / "model.weights.h5", "a") as file:
        inner: list[str] = []
        file.visit(lambda name: inner.append(name) if name.endswith("cells") else None)
        kept = np.zeros(500, np.float32)
        del file[inner[0]]
        file["kept"] = kept
    with pytest.raises(UnusableInput, match="net cannot be loaded: A total of 2 objects could not be loaded"):
        load_foreign_model(tmp_path / "net")


@pytest.mark.parametrize(("place", "lost"), [("cells/container", True), ("_operations_by_depth/container", False)])
def test_what_keras_only_warns_of_is_refused_where_weights_are_lost(
    place: str, lost: bool, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
):
    """Keras' list of operations has no weights of its own."""

    def warned(_: keras.Model, path: Path) -> None:
        warnings.warn(
            f"Skipping {place!r}. Affected layers will retain their freshly-initialized weights.", stacklevel=2
        )

    monkeypatch.setattr(keras.Model, "load_weights", warned)
    if lost:
        with pytest.raises(UnusableInput, match="lacks weights that its layers need: Skipping 'cells/container'"):
            load_foreign_model(files["keras-folder"])
    else:
        assert load_foreign_model(files["keras-folder"]).count_params() == made.PARAMETERS
