"""A family of networks is one file and one line of the catalogue: everything else takes it as it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import hubel

pytestmark = pytest.mark.backend

FAMILY = '''
"""Patches of the image as a sequence, each mixed with itself: not one of ours."""

from dataclasses import dataclass
from typing import Any

from hubel.architectures.families.parts import LOGITS
from hubel.architectures.spec import Kit, RecipeHints, Spec, check


@dataclass(frozen=True)
class PatchSpec(Spec):
    family = "patches"
    hints = RecipeHints(learning_rate=5e-3)

    patch: int = 4
    width: int = 16

    def __post_init__(self) -> None:
        super().__post_init__()
        check("patch", self.patch, 1, 32)
        check("width", self.width, 1, 512)

    def count_parameters(self) -> int:
        return (self.patch**2 * self.channels + 1) * self.width + (self.width + 1) * self.classes

    def count_work(self) -> tuple[int, int]:
        places = (self.image_size[0] // self.patch) * (self.image_size[1] // self.patch)
        per_place = self.patch**2 * self.channels * self.width
        return places * per_place + self.width * self.classes, places * self.width

    def build(self, kit: Kit) -> Any:
        keras, layers = kit.keras, kit.keras.layers
        image = keras.Input((*self.image_size, self.channels), name="image")
        x = layers.Rescaling(1 / 127.5, offset=-1, name="scale_pixels")(image)
        x = layers.Conv2D(self.width, self.patch, strides=self.patch, activation="gelu", name="patches")(x)
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        return keras.Model(image, layers.Dense(self.classes, name=LOGITS)(x), name="patches")


def patch_spec(image_size: tuple[int, int], classes: int) -> PatchSpec:
    return PatchSpec(image_size, classes)
'''
PATCHES = "hubel.architectures.families.patches"
LINE = (
    f'        Architecture("patches", "a made-up family", Later("{PATCHES}", "patch_spec"), 32, smallest=4, '
    f'kind=Later("{PATCHES}", "PatchSpec")),\n'
)
USE = """
import json, sys
import hubel
from hubel.architectures.build import build_model
from hubel.architectures.catalogue import blueprint_from_json, make_blueprint
from hubel.architectures.layer_table import count_macs

blueprint = make_blueprint("patches", (8, 8), classes=10)
assert blueprint_from_json(json.loads(json.dumps(blueprint.to_json()))) == blueprint
model = build_model(blueprint)
assert blueprint.spec.count_parameters() == model.count_params()
assert blueprint.spec.count_work()[0] == count_macs(model)
anatomy = hubel.anatomy("patches", input=(8, 8))

run = hubel.train("digits", out=sys.argv[1], architecture="patches", epochs=1, seed=1)
again = hubel.load(run.path)
answers = [again.predict(f"digits:{digit}").probabilities for digit in range(3)]
print(json.dumps({
    "module": hubel.__file__,
    "blueprint": again.blueprint.to_json(),
    "layers": [row.name for row in anatomy.rows],
    "verified": hubel.verify(run.path).holds,
    "sums": [sum(answer.values()) for answer in answers],
}))
"""


def test_a_family_is_one_file_and_one_line_of_the_catalogue(tmp_path: Path):
    package = tmp_path / "src" / "hubel"
    shutil.copytree(Path(hubel.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "architectures/families/patches.py").write_text(FAMILY)
    catalogue = package / "architectures/catalogue.py"
    before = catalogue.read_text()
    first_line = '        Architecture(\n            "dense",'
    assert before.count(first_line) == 1
    catalogue.write_text(before.replace(first_line, LINE + first_line))

    done = subprocess.run(
        [sys.executable, "-c", USE, str(tmp_path / "run")],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src"), "HUBEL_CACHE": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["module"].startswith(str(package))
    assert said["blueprint"]["family"] == said["blueprint"]["name"] == "patches"
    assert said["blueprint"]["spec"] == {"image_size": [8, 8], "classes": 10, "channels": 3, "patch": 4, "width": 16}
    assert said["layers"] == ["scale_pixels", "patches", "pool", "logits"]
    assert said["verified"] is True
    assert said["sums"] == pytest.approx([1, 1, 1], abs=1e-5)
