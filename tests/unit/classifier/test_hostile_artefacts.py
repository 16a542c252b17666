"""Artefacts of an enemy: refused in a second and 200 MB, with nothing run, imported, connected or opened elsewhere."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file
from tests.conftest import environment
from tests.unit.classifier.made import forge, forge_weights, save_made

ROOT = Path(__file__).parents[3]
pytestmark = [
    pytest.mark.clock,
    pytest.mark.skipif(sys.platform != "linux", reason="memory is limited and measured by /proc"),
]


class Runs:
    """What pickle would run."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch hubel-ran-this",)


def spec(**changes: object) -> Callable[[Path], None]:
    return lambda folder: forge(folder, lambda document: document["architecture"]["spec"].update(changes))


def manifest(**changes: object) -> Callable[[Path], None]:
    return lambda folder: forge(folder, lambda document: document.update(changes))


def architecture(**changes: object) -> Callable[[Path], None]:
    return lambda folder: forge(folder, lambda document: document["architecture"].update(changes))


def text(old: str, new: str) -> Callable[[Path], None]:
    """Other letters in the manifest itself: what no JSON writer would write."""

    def write(folder: Path) -> None:
        content = (folder / "manifest.json").read_text()
        assert old in content
        (folder / "manifest.json").write_text(content.replace(old, new, 1))

    return write


def raw(data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / "manifest.json").write_bytes(data) and None


def weights(change: Callable[[dict[str, np.ndarray]], object]) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        held = {name: tensor.copy() for name, tensor in load_file(folder / "weights.safetensors").items()}
        change(held)
        forge_weights(folder, held)

    return write


def weights_bytes(data: bytes) -> Callable[[Path], None]:
    return lambda folder: forge_weights(folder, data)


def header(document: object, payload: bytes = b"") -> Callable[[Path], None]:
    content = json.dumps(document).encode()
    return weights_bytes(len(content).to_bytes(8, "little") + content + payload)


def sparse(folder: Path) -> None:
    """Ten gigabytes that take no room, described truly."""
    size = 10_000_000_000
    content = json.dumps({"a": {"dtype": "F32", "shape": [size // 4000, 1000], "data_offsets": [0, size]}}).encode()
    forge_weights(folder, len(content).to_bytes(8, "little") + content)
    os.truncate(folder / "weights.safetensors", 8 + len(content) + size)
    forge(folder, lambda document: document["weights"].update(bytes=8 + len(content) + size))


def put(name: str, content: bytes = b"import os; os.system('touch hubel-ran-this')") -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(content) and None


def linked(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    (folder / "weights.safetensors").symlink_to("/etc/passwd")


def pipe(folder: Path) -> None:
    (folder / "weights.safetensors").unlink()
    os.mkfifo(folder / "weights.safetensors")


GROUP = {"filters": 1, "pooling": "none"}
PRETRAINED = {
    "name": "convnext-tiny", "family": "pretrained", "spec": {"image_size": [32, 32], "classes": 3, "channels": 3,
    "backbone": "convnext-tiny", "alpha": 1.0, "dropout": 0.0, "fixed_statistics": True},
}  # fmt: skip

HOSTILE: dict[str, tuple[Callable[[Path], object], str]] = {
    "units 2e9": (spec(dense_units=[2_000_000_000]), "manifest.json: dense_units must be"),
    "units -1": (spec(dense_units=[-1]), "manifest.json: dense_units must be"),
    "layers 1e6": (spec(groups=[{}] * 1_000_000), "it holds more than 300,000 values"),
    "layers 1e5": (spec(dense_units=[1] * 100_000), "manifest.json: the architecture takes more than"),
    "layers 300": (spec(groups=[GROUP] * 300), "manifest.json: the number of groups must be"),
    "units 1e6": (spec(dense_units=[1] * 1_000_000), "it holds more than 300,000 values"),
    "dense 20000 x 8": (spec(dense_units=[20_000] * 8), "describes a network of 2,8"),
    "local 2048": (
        lambda folder: forge(folder, lambda d: d["architecture"]["spec"].update(shared=False, groups=[{"filters": 2048}] * 3)),
        "describes a network of",
    ),
    "image 1e6": (spec(image_size=[1_000_000, 1_000_000]), "manifest.json: image_size must be"),
    "image 1e400": (text("  \"height\": 8", "  \"height\": 1e400"), "1e400 is too large for a number"),
    "classes 1e5": (spec(classes=100_000), "manifest.json: classes must be"),
    "labels 1e5": (manifest(class_names=[str(each) for each in range(100_000)]), "100,000 class names for 3"),
    "labels doubled": (manifest(class_names=["a", "a", "b"]), "class names for 3 classes"),
    "labels a text": (manifest(class_names="abc"), "class names for 3 classes"),
    "depth 1000": (raw(b'{"format": 3, "made_by": ' + b"[" * 1000 + b"]" * 1000 + b"}"), "manifest.json is not the manifest"),
    "depth 1000 of objects": (raw(b'{"a":' * 900 + b"1" + b"}" * 900), "manifest.json is not the manifest"),
    "depth 4 million": (raw(b"[" * 4_000_000), "manifest.json is not the manifest"),
    "quotes 9 million": (raw(b'"' + b'\\"' * 4_500_000), "manifest.json is not the manifest"),
    "lists 3 million": (raw(b"[" + b"[],[]" * 1_900_000 + b"]"), "manifest.json is not the manifest"),
    "a text of 9 MB": (manifest(made_by={"x": "x" * 9_000_000}, provenance=1), "manifest.json"),
    "a family of 9 MB": (architecture(family="x" * 9_000_000), "the architecture takes more than"),
    "a policy of 9 MB": (
        lambda folder: forge(folder, lambda d: d["preprocessing"].update(resize="x" * 9_000_000)), "manifest.json: The resize"
    ),
    "too large": (raw(b" " * 12_000_000), "manifest.json is larger than"),
    "digits 4 million": (raw(b"[" + b"9" * 4_000_000 + b"]"), "manifest.json is not the manifest"),
    "key twice": (text('"format": 3', '"format": 3,\n "format": 3'), "'format' appears twice"),
    "NaN": (text('"temperature": 0.5', '"temperature": NaN'), "NaN is not a number"),
    "a function name": (architecture(family="os.system"), "no architecture family named 'os.system'"),
    "a list for a name": (architecture(family=["cnn"]), "no architecture family named"),
    "a layer of code": (spec(activation="lambda x: __import__('os').system('touch hubel-ran-this')"), "activation must be"),
    "a module in the spec": (spec(module="os", class_name="system"), "has no field 'class_name'"),
    "a backbone without weights": (manifest(architecture=PRETRAINED), "describes a network of 27,8"),
    "an unknown backbone": (
        manifest(architecture={**PRETRAINED, "spec": {**PRETRAINED["spec"], "backbone": "../../evil"}}),
        "no backbone named '../../evil'",
    ),
    "a backbone that is a list": (
        manifest(architecture={**PRETRAINED, "spec": {**PRETRAINED["spec"], "backbone": [1]}}), "weights.safetensors: "
    ),
    "climbing": (
        lambda folder: forge(folder, lambda d: d["weights"].update(file="../../../../../etc/passwd")), "does not describe"
    ),
    "self-test of 1e9": (
        lambda folder: forge(folder, lambda d: d["self_test"].update(patterns=[10**9] * 4)), "A self-test needs"
    ),
    "tensor foreign": (weights(lambda held: held.update(evil=np.zeros(1, np.float32))), "tensor 'evil' is missing or unexpected"),
    "tensor climbing": (
        weights(lambda held: held.update({"../../evil": np.zeros(1, np.float32)})), "tensor '../../evil' is missing or unexpected"
    ),
    "tensor missing": (weights(lambda held: held.pop("logits/bias")), "tensor 'logits/bias' is missing or unexpected"),
    "tensor of the score missing": (weights(lambda held: held.pop("off_corpus.maps.mean")), "tensor 'off_corpus.maps.mean' is missing"),
    "tensor NaN": (weights(lambda held: held["logits/kernel"].fill(np.nan)), "tensor 'logits/kernel' holds values"),
    "tensor infinite": (weights(lambda held: held["off_corpus.maps.mean"].fill(np.inf)), "tensor 'off_corpus.maps.mean' holds values"),
    "tensor shape": (
        weights(lambda held: held.update({"logits/kernel": held["logits/kernel"].T.copy()})), "tensor 'logits/kernel' is float32 [3, 16]"
    ),
    "tensor float64": (
        weights(lambda held: held.update({"logits/bias": held["logits/bias"].astype(np.float64)})), "tensor 'logits/bias' is F64"
    ),
    "weights too many": (weights(lambda held: held.update(evil=np.zeros(9_000_000, np.float32))), "describes a network of"),
    "score too large": (
        weights(lambda held: held.update({"off_corpus.maps.mean": np.zeros(5_000_000, np.float32)})), "off_corpus.* have 5,0"
    ),
    "sparse 10 GB": (sparse, "describes a network of"),
    "header claims 2^63": (weights_bytes((2**63).to_bytes(8, "little") + b"{}" + b"\0" * 1000), "weights.safetensors: its header claims"),
    "shape 2^31 x 6": (
        header({"a": {"dtype": "F32", "shape": [2**31 - 1] * 6, "data_offsets": [0, 8]}}, b"\0" * 8), "tensor 'a' of shape"
    ),
    "header of 300000 tensors": (weights_bytes((900_001).to_bytes(8, "little") + b"{" + b'"":' * 300_000), "weights.safetensors"),
    "header depth 1000": (weights_bytes((1000).to_bytes(8, "little") + b"[" * 1000), "nested deeper"),
    "pickle": (weights_bytes(pickle.dumps(Runs())), "weights.safetensors: its header claims"),
    "a program beside": (put("evil.py"), "holds 'evil.py'"),
    "a keras model beside": (put("model.keras"), "holds 'model.keras'"),
    "a module of ours beside": (put("numpy.py"), "holds 'numpy.py'"),
    "a link": (linked, "weights.safetensors"),
    "a pipe": (pipe, "weights.safetensors"),
}  # fmt: skip
"""name → (how it is made, what is said)."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the child process saw, by case; with ``root`` and ``cache``."""
    root = tmp_path_factory.mktemp("hostile")
    good = save_made(root / "good")
    for name, (make, _) in HOSTILE.items():
        make(shutil.copytree(good, root / name))
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.classifier.hostile_child", str(root)],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env=environment(HUBEL_CACHE=str(elsewhere / "cache"), MALLOC_ARENA_MAX="2"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    document = json.loads(done.stdout)
    return {**{each["name"]: each for each in document["results"]}, "root": root, "cache": document["cache"]}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_by_name_in_a_second_and_200_mb(told: dict[str, Any], name: str):
    case = told[name]
    assert case["error"] in ("DamagedArtefact", "UnusableInput"), case["message"]
    assert HOSTILE[name][1] in case["message"]
    assert str(told["root"] / name) in case["message"]
    assert len(case["message"]) < 1500
    assert case["seconds"] < 1
    assert case["extra_mb"] < 200


QUIET = {"open", "os.scandir", "os.listdir", "object.__getattr__", "sys._getframe", "builtins.id"}
"""Audit events that are no danger by themselves; what is opened and listed is looked at."""


@pytest.mark.parametrize("name", [*HOSTILE, "second", "last"])
def test_nothing_is_run_imported_or_connected_and_nothing_is_opened_elsewhere(told: dict[str, Any], name: str):
    case = told[name]
    folder = told["root"] / ("good" if name in ("second", "last") else name)
    assert {event[0] for event in case["events"]} <= QUIET
    for event, path, *_ in case["events"]:
        if event in ("open", "os.scandir", "os.listdir"):
            assert path.isdecimal() or Path(path).is_relative_to(folder) or Path(path).is_relative_to(told["cache"])
    assert not [*told["root"].rglob("hubel-ran-this"), *ROOT.glob("hubel-ran-this")]


def test_the_first_load_of_a_good_one_starts_nothing_and_writes_only_its_marker(told: dict[str, Any]):
    first = told["first"]
    assert first["error"] is None
    assert {event[0] for event in first["events"]} <= QUIET | {"os.mkdir", "os.chmod", "os.rename", "tempfile.mkstemp"}
    written = [event[1] for event in first["events"] if event[0] == "open" and any(mode in event[2] for mode in "wax+")]
    assert all(Path(path).is_relative_to(told["cache"]) for path in written if not path.isdecimal()), written


def test_good_ones_load_under_the_same_limit_after_all_of_them(told: dict[str, Any]):
    assert told["second"]["error"] is None
    assert told["last"]["error"] is None, told["last"]["message"]
    assert told["last"]["seconds"] < 1
