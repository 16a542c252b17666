"""What labelling tools export: COCO, Label Studio, FiftyOne, and boxes in the form of YOLO, which are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.conftest import write_image
from tests.unit.corpus.listed import classes, faults
from tests.unit.corpus.listed import read_file as read

from hubel.corpus.formats.json_documents import MOST_BYTES
from hubel.errors import HubelError, UnusableCorpus

PIXELS = np.zeros((4, 4, 3), np.uint8)


def images(folder: Path, *paths: str) -> None:
    for path in paths:
        write_image(folder / path, PIXELS)


def write(path: Path, document: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document))
    return path


# COCO


def coco(**categories: list[int]) -> dict[str, Any]:
    """A document with an image for each name, and an annotation for each of its categories."""
    names = list(categories)
    return {
        "info": {},
        "images": [{"id": place, "file_name": f"{name}.jpg"} for place, name in enumerate(names)],
        "annotations": [
            {"image_id": place, "category_id": category}
            for place, name in enumerate(names)
            for category in categories[name]
        ],
        "categories": [{"id": 3, "name": "cat"}, {"id": 8, "name": "dog"}],
    }


def test_an_image_whose_boxes_are_of_one_category_is_of_that_class(tmp_path: Path):
    images(tmp_path, *(f"images/{name}.jpg" for name in "abcdeg"))
    document = coco(a=[3], b=[8, 8, 8], c=[3, 8], d=[], e=[99], f=[3])
    document["annotations"].append({"image_id": 77, "category_id": 3})
    document["images"] += [{"id": 55}, "odd"]
    corpus = read(write(tmp_path / "annotations/instances_default.json", document))
    assert corpus.format == "coco"
    assert classes(corpus) == {"images/a.jpg": "cat", "images/b.jpg": "dog"}
    assert (
        faults(corpus)
        == {
            "c.jpg": "several-labels",
            "d.jpg": "no-label",
            "e.jpg": "no-such-class",
            "f.jpg": "vanished",
            "instances_default.json#0000007": "no-path",
            "instances_default.json#0000008": "no-path",
        }
        or faults(corpus)["images/c.jpg"]
    )
    assert corpus.notes[0] == "instances_default.json has annotations of 1 image that it does not list: not used."
    assert corpus.notes[1].startswith("1 of 8 images has several labels (first: image 3) and is refused")
    assert "it has annotations of 2 classes ('cat', 'dog'): an image has one" in corpus.left_out[0].reason


def test_a_folder_of_coco_gives_splits_and_accounts_for_every_file(tmp_path: Path):
    images(tmp_path, "train/a.jpg", "train/b.jpg", "valid/a.jpg", "valid/x.jpg")
    write(tmp_path / "train/_annotations.coco.json", coco(a=[3], b=[8]))
    write(tmp_path / "valid/_annotations.coco.json", coco(a=[8]))
    corpus = read(tmp_path)
    assert [(each.path, each.split) for each in corpus.examples] == [
        ("train/a.jpg", "train"),
        ("train/b.jpg", "train"),
        ("valid/a.jpg", "validation"),
    ]
    assert classes(corpus) == {"train/a.jpg": "cat", "train/b.jpg": "dog", "valid/a.jpg": "dog"}
    assert faults(corpus) == {
        "valid/x.jpg": "not-listed",
        "train/_annotations.coco.json": "other-file",
        "valid/_annotations.coco.json": "other-file",
    }


def test_images_of_coco_may_lie_elsewhere_and_addresses_are_never_fetched(tmp_path: Path):
    images(tmp_path, "photos/a.jpg")
    document = coco(a=[3], b=[8])
    document["images"][1]["file_name"] = "http://127.0.0.1:1/b.jpg"
    corpus = read(write(tmp_path / "lists/x.json", document), images=str(tmp_path / "photos"))
    assert classes(corpus) == {"a.jpg": "cat"}
    assert faults(corpus) == {"http://127.0.0.1:1/b.jpg": "not-a-path"}


# Label Studio


def task(number: int, *choices: str, question: str = "animal", image: str = "") -> dict[str, Any]:
    result = {"from_name": question, "type": "choices", "value": {"choices": list(choices)}}
    name = image or f"/data/upload/3/{number:08x}-{number}%20x.jpg"
    return {"id": number, "data": {"image": name}, "annotations": [{"result": [result]}], "predictions": []}


def test_an_export_of_label_studio_names_choices_of_files_found_by_name(tmp_path: Path):
    images(tmp_path, "media/00000001-1 x.jpg", "2 x.jpg", "3 x.jpg", "4 x.jpg", "deep/6.jpg")
    skipped = task(4, "cat") | {
        "annotations": [{"was_cancelled": True, "result": task(4, "cat")["annotations"][0]["result"]}]
    }
    agreed = task(3, "dog")
    agreed["annotations"] *= 2
    served = task(6, "cat", image="/data/local-files/?d=deep/6.jpg")
    tasks = [task(1, "cat"), task(2, "cat", "dog"), agreed, skipped, task(5, "dog"), served]
    corpus = read(write(tmp_path / "project.json", tasks))
    assert corpus.format == "label-studio"
    assert classes(corpus) == {"media/00000001-1 x.jpg": "cat", "3 x.jpg": "dog", "deep/6.jpg": "cat"}
    assert list(faults(corpus).values()) == ["several-labels", "no-label", "vanished"]
    assert corpus.notes[0].startswith("1 of 6 images has several labels (first: task 2)")


def test_of_several_questions_one_is_chosen(tmp_path: Path):
    images(tmp_path, "1 x.jpg")
    both = task(1, "cat")
    both["annotations"][0]["result"] += task(1, "sharp", question="quality")["annotations"][0]["result"]
    path = write(tmp_path / "project.json", [both])
    with pytest.raises(
        UnusableCorpus, match=r"asks several questions: 'animal' .1., 'quality' .1.. Choose one: label_column='animal'"
    ):
        read(path)
    assert classes(read(path, label_column="quality")) == {"1 x.jpg": "sharp"}
    with pytest.raises(
        UnusableCorpus, match="has no question 'age'. It asks: 'animal' .1., .* Choose one: label_column='animal'"
    ):
        read(path, label_column="age")


def test_an_export_of_boxes_is_refused_with_the_way_to_coco(tmp_path: Path):
    boxes = {
        "id": 1,
        "data": {"image": "a.jpg"},
        "annotations": [{"result": [{"value": {"rectanglelabels": ["cat"]}}]}],
    }
    with pytest.raises(UnusableCorpus, match="without a choice for any image.*export as COCO, and name that file"):
        read(write(tmp_path / "project.json", [boxes]))


def test_the_other_exports_of_label_studio_are_lists(tmp_path: Path):
    images(tmp_path, "1.jpg", "2.jpg", "3.jpg")
    rows = [("cat", 1), ("dog", 2), ('{"choices":["cat","dog"]}', 3)]
    entries = [
        {"image": f"/data/upload/1/0000000{n}-{n}.jpg", "id": n, "choice": name, "annotator": 1} for name, n in rows
    ]
    entries[2]["choice"] = ["cat", "dog"]
    small = read(write(tmp_path / "project.json", entries))
    lines = "".join(
        f'/data/upload/1/0000000{n}-{n}.jpg,{n},"{name.replace(chr(34), chr(34) * 2)}",1\n' for name, n in rows
    )
    (tmp_path / "project.csv").write_text(f"image,id,choice,annotator\n{lines}")
    for corpus in (small, read(tmp_path / "project.csv")):
        assert corpus.format == "manifest"
        assert classes(corpus) == {"1.jpg": "cat", "2.jpg": "dog"}
        assert [row.code for row in corpus.left_out] == ["several-labels"]


# FiftyOne


def test_a_dataset_of_fiftyone_is_read_with_its_classes(tmp_path: Path):
    images(tmp_path, *(f"data/{name}.png" for name in "abcdef"), "data/deep/g.jpg", "data/extra.jpg")
    labels = {"a": 0, "b": 1, "c": None, "d": 2, "e": [0, 1], "f": "cat", "deep/g": {"label": 1}, "no": 0}
    corpus = read(write(tmp_path / "labels.json", {"classes": ["cat", "dog"], "labels": labels}).parent)
    assert corpus.format == "fiftyone"
    assert classes(corpus) == {"data/a.png": "cat", "data/b.png": "dog", "data/f.png": "cat", "data/deep/g.jpg": "dog"}
    codes = ["no-label", "no-such-class", "several-labels", "vanished"]
    assert [row.code for row in corpus.refused] == codes
    assert faults(corpus)["data/extra.jpg"] == "not-listed"
    assert corpus.intake_counts["found"] == 10  # nine files but for the one that is not there, and the list


# Hostile documents


DOCUMENTS: dict[str, tuple[str, str]] = {
    "coco": ("x.json", '{"images": %s, "annotations": [], "categories": []}'),
    "label studio": ("x.json", '[{"annotations": %s, "data": 1}, 5]'),
    "fiftyone": ("labels.json", '{"labels": %s, "classes": 3}'),
}


@pytest.mark.parametrize(
    "value",
    [
        "[" * 100_000,
        "1" * 5000,
        "{}",
        "[{}]",
        '[{"result": {}}]',
        "7",
        '{"a": {}}',
        '"',
        '{"\\ud800": 0}',
        '[{"id": 1, "file_name": "\\ud800"}]',
        '[{"id": 1, "file_name": "\\u0000"}]',
    ],
)
@pytest.mark.parametrize("form", DOCUMENTS)
def test_odd_documents_are_read_or_refused_by_name_and_nothing_else(tmp_path: Path, form: str, value: str):
    name, text = DOCUMENTS[form]
    images(tmp_path, "data/a.jpg")
    (tmp_path / name).write_text(text % value)
    try:
        read(tmp_path if form == "fiftyone" else tmp_path / name)
    except HubelError as error:
        assert str(tmp_path) in str(error)


def test_a_document_that_would_fill_the_memory_is_refused_before_it_is_read(tmp_path: Path):
    path = write(tmp_path / "x.json", coco(a=[3]))
    with path.open("r+b") as file:
        file.truncate(MOST_BYTES + 1)  # sparse: it takes no room
    with pytest.raises(UnusableCorpus, match="x.json has 500,000,001 bytes, the limit is 500,000,000: divide it"):
        read(path)


# YOLO


@pytest.mark.parametrize("layout", ["images/train labels/train", "train/images train/labels"])
def test_boxes_in_the_form_of_yolo_are_named_for_what_they_are(tmp_path: Path, layout: str):
    place, labels = layout.split()
    images(tmp_path, f"{place}/a.jpg", f"{place}/b.jpg")
    (tmp_path / labels).mkdir(parents=True)
    (tmp_path / labels / "a.txt").write_text("0 0.5 0.5 1 1\n")
    with pytest.raises(UnusableCorpus, match="holds YOLO detection labels.*Export the labels as COCO"):
        read(tmp_path)
    (tmp_path / "data.yaml").write_text("names: [cat]\n")
    with pytest.raises(UnusableCorpus, match="YOLO detection labels"):
        read(tmp_path)


def test_classes_called_images_and_labels_are_no_boxes(tmp_path: Path):
    images(tmp_path, "images/a.jpg", "labels/b.jpg")
    assert read(tmp_path).class_names == ("images", "labels")
