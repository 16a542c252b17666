"""Nothing is written among the images of a corpus, whatever kind of corpus it is."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.conftest import COLOURS, speckled, write_image

from hubel.cli.main import main
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import Reading
from hubel.errors import WrongRequest
from hubel.errors.wording import Option
from hubel.runs.out_folder import check_output_file, image_folders, keep_out_of_the_corpus, keep_out_of_the_images
from hubel.runs.request import TrainRequest
from hubel.workflows.training.train import train_classifier

IMAGES = [(name, f"{name}/{number}.png") for name in ("red", "blue") for number in range(3)]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: red/ and blue/ with images, beside a list, an archive and a Parquet file of them."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "lab"
    for name, path in IMAGES:
        write_image(folder / path, speckled(COLOURS[name], rng=rng))
    rows = "".join(f"{path},{name}\n" for name, path in IMAGES)
    (folder / "lab.csv").write_text(f"path,label\n{rows}")
    pq.write_table(
        pa.table({"path": [each for _, each in IMAGES], "label": [each for each, _ in IMAGES]}), folder / "lab.parquet"
    )
    archive = shutil.make_archive(str(tmp_path / "packed"), "zip", folder, "red")
    shutil.move(archive, folder / "lab.zip")
    (folder / "tables").mkdir()
    content = [{"bytes": (folder / path).read_bytes(), "path": path} for _, path in IMAGES]
    pq.write_table(pa.table({"image": content, "label": [name for name, _ in IMAGES]}), folder / "tables/0.parquet")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("location", ["lab.csv", "lab.parquet"])
@pytest.mark.parametrize("out", ["blue", "blue/run", "blue/deep/run", "../lab/red", "link"])
def test_a_folder_that_a_list_names_takes_no_output(lab: Path, location: str, out: str):
    Path("link").symlink_to("blue")
    with pytest.raises(WrongRequest, match="holds images of the corpus .*Choose a folder beside it: out='runs/"):
        keep_out_of_the_corpus(Path(out), location)


def test_a_folder_that_any_kind_of_list_names_takes_no_output(lab: Path):
    tasks = [
        {
            "id": number,
            "data": {"image": path},
            "annotations": [{"result": [{"value": {"choices": [name]}, "type": "choices"}]}],
        }
        for number, (name, path) in enumerate(IMAGES)
    ]
    Path("tasks.json").write_text(json.dumps(tasks))
    Path("lab.jsonl").write_text("".join(json.dumps({"path": path, "label": name}) + "\n" for name, path in IMAGES))
    coco = {
        "images": [{"id": number, "file_name": path} for number, (_, path) in enumerate(IMAGES)],
        "annotations": [
            {"id": number, "image_id": number, "category_id": int(name == "red")}
            for number, (name, _) in enumerate(IMAGES)
        ],
        "categories": [{"id": 0, "name": "blue"}, {"id": 1, "name": "red"}],
    }
    Path("annotations").mkdir()
    for name in ("coco.json", "annotations/coco.json"):
        Path(name).write_text(json.dumps(coco))
    for location in ("tasks.json", "lab.jsonl", "coco.json", "annotations/coco.json"):
        assert len(read_corpus(location)) == len(IMAGES)
        keep_out_of_the_corpus(Path("runs/x"), location)
        with pytest.raises(WrongRequest, match="holds images of the corpus"):
            keep_out_of_the_corpus(Path("blue/run"), location)


def test_a_list_is_read_for_that_as_the_user_says(lab: Path):
    kinds = "".join(f"{path},{name},7\n" for name, path in IMAGES)
    Path("kinds.csv").write_text(f"path,kind,n\n{kinds}")
    keep_out_of_the_corpus(Path("run"), "kinds.csv", reading=Reading(label_column="kind"))
    with pytest.raises(WrongRequest, match="holds images of the corpus"):
        keep_out_of_the_corpus(Path("blue"), "kinds.csv", reading=Reading(label_column="kind"))
    Path("../elsewhere").mkdir()
    shutil.move("kinds.csv", "../elsewhere/kinds.csv")
    with pytest.raises(WrongRequest, match="holds images of the corpus"):
        keep_out_of_the_corpus(
            Path("blue/run"), "../elsewhere/kinds.csv", reading=Reading(label_column="kind", images=Path())
        )


@pytest.mark.parametrize("location", ["lab.csv", "lab.parquet", "lab.zip", "tables/0.parquet", "digits"])
def test_a_file_that_holds_or_lists_images_may_have_output_beside_it(lab: Path, location: str):
    for out in ("run", "runs/x", "tables/run", "../run", "."):
        keep_out_of_the_corpus(Path(out), location)


def test_a_folder_of_images_or_of_tables_takes_no_output(lab: Path):
    for location, out in ((".", "runs/x"), ("tables", "tables/run"), ("tables", "tables"), (str(lab), "run")):
        with pytest.raises(WrongRequest, match="lies inside the corpus"):
            keep_out_of_the_corpus(Path(out), location)


def test_the_cure_is_a_path_that_is_taken(lab: Path):
    for location, out in (("lab.csv", "blue"), (".", "runs/x"), ("lab.csv", "blue/run")):
        with pytest.raises(WrongRequest) as refused:
            keep_out_of_the_corpus(Path(out), location)
        cure = refused.value.text.parts[-1]
        assert isinstance(cure, Option)
        keep_out_of_the_corpus(Path(str(cure.value)), location)


def test_images_beside_their_list_make_its_folder_one_of_images(lab: Path):
    shutil.copy("red/0.png", "loose.png")
    Path("loose.csv").write_text("path,label\nloose.png,red\nblue/0.png,blue\n")
    with pytest.raises(WrongRequest, match=r"The folder run lies inside \., which holds images"):
        keep_out_of_the_corpus(Path("run"), "loose.csv")


def test_the_folders_of_a_corpus_are_those_that_hold_an_image_itself(lab: Path):
    assert sorted(map(str, image_folders(read_corpus("lab.csv")))) == ["blue", "red"]
    for name in ("red", "blue"):
        shutil.copytree(name, f"photos/{name}")
    assert sorted(map(str, image_folders(read_corpus("photos")))) == ["photos/blue", "photos/red"]
    assert image_folders(read_corpus("tables")) == []
    assert image_folders(read_corpus("digits")) == []


def test_a_corpus_in_memory_is_kept_clear_of_too(lab: Path):
    with pytest.raises(WrongRequest, match="The folder blue holds images of the corpus lab.csv"):
        keep_out_of_the_images(Path("blue"), read_corpus("lab.csv"))
    with pytest.raises(WrongRequest, match="The folder blue holds images"):
        train_classifier(TrainRequest(read_corpus("lab.csv"), Path("blue"), epochs=1))


@pytest.fixture
def run(lab: Path) -> Path:
    """A run folder that says which corpus it is of, and nothing else."""
    (lab / "run").mkdir()
    (lab / "other/classifier").mkdir(parents=True)
    (lab / "run/run.json").write_text(json.dumps({"corpus": {"location": str(lab / "lab.csv")}}))
    return lab / "run"


@pytest.mark.parametrize(
    "words",
    [
        "audit lab.csv -o blue",
        "audit lab.csv -o blue/audit",
        "train lab.csv -o blue",
        "train lab.csv -o blue/run",
        "compare lab.csv --architectures dense,small-cnn -o blue/compared",
        "maps run red/0.png --layer any -o blue/maps.png",
        "trace run red/0.png --layer any -o blue/trace.svg",
        "filters run --layer any -o blue/filters.png",
        "filters other --layer any --excite --corpus lab.csv -o blue/filters.png",
        "anatomy run -o blue/anatomy.svg",
        "train lab.csv --images ../lab --label-column label -o blue/run",
        "audit lab.csv --path-column path -o blue/audit",
        "compare lab.csv --images . --architectures dense,small-cnn -o blue/compared",
        "train . -o runs/x",
        "audit . -o audits/x",
    ],
)
def test_every_command_that_writes_refuses_before_it_touches_anything(run: Path, lab: Path, words: str, capsys):
    before = sorted(lab.rglob("*"))
    with pytest.raises(SystemExit) as end:
        main(words.split())
    assert end.value.code == 2
    assert "where nothing is ever written. Choose a " in capsys.readouterr().err
    assert sorted(lab.rglob("*")) == before


@pytest.mark.parametrize(
    "words", ["convolve --matrix red/0.png -o red/0.png", "pool --matrix red/0.png -o ./red/../red/0.png"]
)
def test_a_drawing_never_replaces_the_image_it_is_made_of(lab: Path, words: str, capsys):
    before = Path("red/0.png").read_bytes()
    with pytest.raises(SystemExit) as end:
        main(words.split())
    assert end.value.code == 2
    assert "would replace the file that it is drawn from. Choose another name." in capsys.readouterr().err
    assert Path("red/0.png").read_bytes() == before


def test_the_corpus_of_a_run_is_read_as_it_was_for_the_run(run: Path, lab: Path):
    Path("../lists").mkdir()
    shutil.move("lab.csv", "../lists/lab.csv")
    recorded = {"corpus": {"location": str(lab / "../lists/lab.csv")}, "request": {"reading": {"images": str(lab)}}}
    (run / "run.json").write_text(json.dumps(recorded))
    check_output_file(lab / "beside.png", run=run)
    with pytest.raises(WrongRequest, match="holds images"):
        check_output_file(lab / "blue/maps.png", run=run)


def test_a_run_whose_corpus_is_gone_or_unknown_lets_drawings_be_written_anywhere(run: Path, lab: Path):
    check_output_file(lab / "beside.png", run=run)
    for text in ('{"corpus": {"location": "gone/away"}}', "{}", "[]", "no JSON"):
        (run / "run.json").write_text(text)
        check_output_file(lab / "blue/maps.png", run=run)
    check_output_file(lab / "blue/maps.png", run=lab / "nowhere")
