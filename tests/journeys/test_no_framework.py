"""A classifier predicts, scores and is verified where no framework can be loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits
from tests.conftest import environment

MUSEUM = Path(__file__).parents[1] / "museum"
FRAMEWORKS = ("tensorflow", "keras", "jax", "torch")
ALL = (*FRAMEWORKS, "sklearn", "scipy", "pandas")
FOR_TRAINING = (*FRAMEWORKS, "cleanlab", "pandas", "pyarrow", "onnx")
"""What `pip install .` leaves out."""
WITHOUT = """
import json, sys
blocked = sys.argv.pop(1).split()

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from hubel.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
sys.exit(code)
"""


def run(blocked: tuple[str, ...], *words: str) -> tuple[int, str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, " ".join(blocked), *words],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return done.returncode, done.stdout, json.loads(done.stderr.splitlines()[-1])
    except (IndexError, ValueError):
        raise AssertionError(done.stdout + done.stderr) from None


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders of 8 x 8 pixels; the first five are those of the museum."""
    folder, images = tmp_path_factory.mktemp("digits"), load_digits()
    for place in range(40):
        (folder / str(images.target[place])).mkdir(exist_ok=True)
        grey = np.rint(images.images[place] * (255 / 16)).astype(np.uint8)
        Image.fromarray(grey).convert("RGB").save(folder / str(images.target[place]) / f"{place:02}.png")
    return folder


def roots(modules: list[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def test_predict_answers_as_it_did_with_keras(digits: Path):
    expected = json.loads((MUSEUM / "format-5/expected.json").read_text())
    paths = [str(next(digits.glob(f"*/{place:02}.png"))) for place in range(5)]
    words = ("predict", str(MUSEUM / "format-5"), *paths, "--format", "jsonl")
    code, out, modules = run(ALL, *words)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [each["class_name"] for each in answers] == expected["class_names"]
    got = [list(each["probabilities"].values()) for each in answers]
    np.testing.assert_allclose(got, expected["probabilities"], atol=1e-5)
    np.testing.assert_allclose([each["off_corpus_score"] for each in answers], expected["off_corpus_scores"], rtol=1e-4)
    assert roots(modules).isdisjoint({*ALL, "pyarrow", "onnx", "safetensors"})
    assert "onnxruntime" in modules
    code, out, modules = run(FRAMEWORKS, *words, "--abstain", "0.9")  # its promise is counted with SciPy
    assert code == 0
    sets = [json.loads(line)["prediction_set"] for line in out.splitlines()]
    assert sets == expected["prediction_sets"]["0.9"]


def test_many_files_are_named_into_one(digits: Path, tmp_path: Path):
    out, vectors = tmp_path / "names.csv", tmp_path / "vectors.npy"
    words = ("predict", str(MUSEUM / "format-5"), str(digits), "-o", str(out), "--features", str(vectors))
    code, said, modules = run(ALL, *words)
    assert code == 0
    assert said.startswith(f"{out}: 40 images named, 0 refused, ")
    assert roots(modules).isdisjoint({*ALL, "pyarrow", "onnx", "safetensors"})
    assert len(out.read_text().splitlines()) == 41
    assert np.load(vectors).shape == (40, 16)


def test_a_score_is_computed(digits: Path):
    code, out, modules = run(FRAMEWORKS, "evaluate", str(MUSEUM / "format-5"), str(digits), "--json")
    assert code == 0
    assert json.loads(out)["all"]["examples"] == 40
    assert roots(modules).isdisjoint(FRAMEWORKS)


def test_images_are_changed_and_named(digits: Path, tmp_path: Path):
    words = ("robustness", str(MUSEUM / "format-5"), str(digits), "-o", str(tmp_path / "robust"), "--json")
    code, out, modules = run((*FRAMEWORKS, "pandas"), *words)
    found = json.loads(out)
    assert code == 0
    assert (found["examples"], found["split"], len(found["changes"])) == (40, "all", 11)
    assert (tmp_path / "robust/robustness.html").is_file()
    assert roots(modules).isdisjoint(FRAMEWORKS)


def test_labels_are_doubted_by_what_patches_look_like(digits: Path):
    code, out, modules = run(FRAMEWORKS, "audit", str(digits), "--suspect-labels", "--json")
    assert code == 0
    assert json.loads(out)["read"] == 40
    assert roots(modules).isdisjoint(FRAMEWORKS)


def test_the_small_installation_scores_and_names_what_it_lacks(digits: Path, tmp_path: Path):
    artefact, lists = str(MUSEUM / "format-5"), tmp_path / "list.csv"
    lists.write_text("path,label\n" + "".join(f"{each},{each.parent.name}\n" for each in digits.glob("*/*.png")))
    plain = {name: value for name, value in environment().items() if name != "KERAS_BACKEND"}
    assert run(FOR_TRAINING, "evaluate", artefact, str(digits))[0] == 0
    assert run(FOR_TRAINING, "audit", str(digits), "-o", str(tmp_path / "audit"))[0] == 0
    for words, missing in (
        (("evaluate", artefact, str(lists)), "This needs pyarrow, which is not installed"),
        (("predict", artefact, str(digits), "-o", str(tmp_path / "names.parquet")), "This needs pyarrow, which is not"),
        (("audit", str(digits), "--suspect-labels"), "This needs cleanlab, which is not installed"),
        (("train", str(digits), "-o", str(tmp_path / "run")), "Keras needs TensorFlow, JAX or PyTorch, and none is"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT, " ".join(FOR_TRAINING), *words],
            env=plain, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 3
        assert missing in done.stderr
        assert "pip install '.[train]'" in done.stderr
        assert "Traceback" not in done.stderr
    assert {each.name for each in tmp_path.iterdir()} == {"list.csv", "audit"}


def test_the_classifier_is_verified_by_its_graph_alone():
    code, out, modules = run(ALL, "verify", str(MUSEUM / "format-5"), "--json")
    checks = {each["name"]: each for each in json.loads(out)["checks"]}
    assert code == 0
    assert {name: each["result"] for name, each in checks.items()} == dict.fromkeys(checks, "holds")
    assert "Keras is not installed here" in checks["graph"]["text"]
    assert roots(modules).isdisjoint(ALL)


def test_python_embeds_and_scores_how_unlike_the_corpus_an_image_is(digits: Path):
    code = (
        WITHOUT.partition("from hubel.cli")[0]
        + """
import hubel, numpy as np
classifier = hubel.load(sys.argv[1])
image = np.zeros((8, 8, 3), np.uint8)
print(json.dumps([classifier.predict(image).off_corpus_score, classifier.embed([image, image]).shape[0], repr(classifier)]))
"""
    )
    words = [sys.executable, "-c", code, " ".join(ALL), str(MUSEUM / "format-5")]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    score, rows, _ = json.loads(done.stdout)
    assert score > 0
    assert rows == 2


def test_a_classifier_without_a_graph_says_what_it_needs(digits: Path, tmp_path: Path):
    shutil.copytree(MUSEUM / "format-4", tmp_path / "old")
    image = str(next(digits.glob("*/*.png")))
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, " ".join(ALL), "predict", str(tmp_path / "old"), image],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "The engine 'keras' needs keras, which is not installed" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_image_is_explained_and_what_needs_a_framework_says_what_to_install(digits: Path, tmp_path: Path):
    image, out = str(next(digits.glob("*/00.png"))), tmp_path / "explained.png"
    for method in ("occlusion", "score-cam"):
        words = (
            "explain",
            str(MUSEUM / "format-5"),
            image,
            "--method",
            method,
            "--overwrite",
            "-o",
            str(out),
            "--json",
        )
        code, printed, modules = run(FRAMEWORKS, *words)
        assert code == 0, method
        assert json.loads(printed)["method"] == method
        assert not roots(modules) & set(FRAMEWORKS)
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, " ".join(FRAMEWORKS), *words[:3], "--method", "grad-cam"],
        env=environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert "pip install '.[train]'" in done.stderr
    assert "--method occlusion" in done.stderr
