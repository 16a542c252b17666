"""The artefact of a real training: nothing of the user's machine or images is in it, and its self-test shows much."""

from __future__ import annotations

import getpass
import platform
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.conftest import COLOURS, speckled
from tests.unit.classifier.made import read_document

from hubel.api.training import train
from hubel.cli.main import main
from hubel.engines.catalogue import load_classifier
from hubel.workflows.verify import verify_artefact

SECRET = "Matterhorn-4711"
FOLDER = "corpus-of-Zugspitze"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Trained on JPEGs that carry a secret in every field that holds text."""
    root = tmp_path_factory.mktemp("user-Grossglockner")
    exif = Image.Exif()
    for tag in (0x010E, 0x013B, 0x8298, 0x0110, 0x9C9C):  # description, artist, copyright, camera, Windows' comment
        exif[tag] = SECRET if tag != 0x9C9C else SECRET.encode("utf-16-le")
    exif.get_ifd(0x8825).update({1: "N", 2: (46.0, 58.0, 35.0), 29: SECRET})  # place and date of GPS
    rng = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        (root / FOLDER / name).mkdir(parents=True)
        for number in range(30):
            image = Image.fromarray(speckled(colour, rng=rng))
            image.save(root / FOLDER / name / f"Watzmann-{number}.jpg", exif=exif, comment=SECRET.encode())
    assert SECRET.encode() in (root / FOLDER / "red/Watzmann-0.jpg").read_bytes()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HUBEL_CACHE", str(root / "cache"))
        patched.setenv("HOME", str(root / "home-Wetterstein"))
        for name in ("USER", "LOGNAME", "HOSTNAME"):
            patched.setenv(name, f"{name}-Karwendel")
        patched.setattr(platform, "node", lambda: "node-Karwendel")
        train(root / FOLDER, root / "run", architecture="small-cnn", epochs=4)
    return root / "run"


@pytest.mark.parametrize("name", ["manifest.json", "weights.safetensors"])
def test_no_path_name_of_a_machine_or_user_or_text_of_an_image_is_in_the_artefact(run: Path, name: str):
    data = (run / "classifier" / name).read_bytes()
    words = [SECRET, FOLDER, "Grossglockner", "Watzmann", "Wetterstein", "Karwendel", str(run), str(Path.cwd())]
    own = (platform.node(), getpass.getuser(), str(Path.home()))
    for word in (*words, *(each for each in own if len(each) > 4)):  # a shorter one may be there by chance
        for encoding in ("utf-8", "utf-16-le"):
            assert word.encode(encoding) not in data
            assert word.lower().encode(encoding) not in data.lower()
    assert b"Exif" not in data
    assert b"JFIF" not in data


def test_the_self_test_of_a_trained_classifier_varies_between_its_images(run: Path):
    answers = read_document(run / "classifier")["self_test"]["answers"]
    rows = np.array([answer["probabilities"] for answer in answers])
    assert (rows.max(axis=0) - rows.min(axis=0)).max() > 0.2
    assert len({answer["class_name"] for answer in answers}) > 1
    assert (
        len({answer["off_corpus_score"] for answer in answers}) == len(answers)
        or answers[0]["off_corpus_score"] is None
    )


def test_it_loads_verifies_and_is_told_when_a_byte_changes(run: Path, capsys: pytest.CaptureFixture[str]):
    assert load_classifier(run).class_names == ("blue", "green", "red")
    assert verify_artefact(run).holds
    with pytest.raises(SystemExit) as end:
        main(["verify", str(run)])
    assert not end.value.code
    assert "No damage found; it answers as it did where it was saved." in capsys.readouterr().out
