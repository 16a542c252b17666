"""Every form of a corpus: the same images in each of them give the same classes, pixels and account."""

from __future__ import annotations

import csv
import io
import json
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from tests.unit.corpus.records import example, records

from hubel.corpus.formats.catalogue import FORMATS, read_corpus
from hubel.images.preprocessing import Preprocessing
from hubel.pipeline.decoded import decode_corpus

CLASSES = ("cat", "dog")
SIZE = Preprocessing(6, 6)


def labelled_images() -> list[tuple[str, str, np.ndarray]]:
    """(split, class name, uint8 [6, 6, 3]): four of each class to train with, two to test."""
    rng = np.random.default_rng(0)
    return [
        (split, name, rng.integers(0, 256, (6, 6, 3)).astype(np.uint8))
        for split, count in (("train", 4), ("test", 2))
        for name in CLASSES
        for _ in range(count)
    ]


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def files() -> dict[str, bytes]:
    return {f"{split}/{name}/{n:02}.png": png(pixels) for n, (split, name, pixels) in enumerate(labelled_images())}


def write_folders(folder: Path) -> Path:
    for path, data in files().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def add(archive: tarfile.TarFile, path: str, data: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size = len(data)
    archive.addfile(entry, io.BytesIO(data))


def write_zip(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "x.zip", "w") as archive:
        for path, data in files().items():
            archive.writestr(f"photos/{path}", data)
    return folder / "x.zip"


def write_tar(folder: Path, mode: str, name: str) -> Path:
    with tarfile.open(folder / name, mode) as archive:  # type: ignore[call-overload]
        for path, data in files().items():
            add(archive, path, data)
    return folder / name


def write_zstd(folder: Path) -> Path:
    plain = write_tar(folder, "w", "plain.tar").read_bytes()
    with pa.output_stream(str(folder / "x.tar.zst"), compression="zstd") as stream:
        stream.write(plain)
    return folder / "x.tar.zst"


def rows() -> list[dict[str, str]]:
    return [dict(zip(("split", "label"), path.split("/")[:2], strict=True), path=path) for path in files()]


def write_manifest(folder: Path, *, delimiter: str = ",", name: str = "list.csv") -> Path:
    write_folders(folder)
    with (folder / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, ("path", "label", "split"), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows())
    return folder / name


def write_parquet_manifest(folder: Path) -> Path:
    write_folders(folder)
    pq.write_table(pa.Table.from_pylist(rows()), folder / "list.parquet")
    return folder / "list.parquet"


def table(split: str) -> pa.Table:
    features = {"image": {"_type": "Image"}, "label": {"names": list(CLASSES), "_type": "ClassLabel"}}
    chosen = [(name, pixels) for part, name, pixels in labelled_images() if part == split]
    return pa.table(
        {
            "image": [{"bytes": png(pixels), "path": None} for _, pixels in chosen],
            "label": [CLASSES.index(name) for name, _ in chosen],
        }
    ).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def write_hugging_face(folder: Path) -> Path:
    for split in ("train", "test"):
        pq.write_table(table(split), folder / f"{split}-00000-of-00001.parquet")
    return folder


def write_saved_to_disk(folder: Path) -> Path:
    (folder / "dataset_dict.json").write_text(json.dumps({"splits": ["train", "test"]}))
    for split in ("train", "test"):
        part = folder / split
        part.mkdir()
        made = table(split)
        with pa.ipc.new_stream(str(part / "data-00000-of-00001.arrow"), made.schema) as writer:
            writer.write_table(made)
        described = json.loads(made.schema.metadata[b"huggingface"])["info"]
        (part / "dataset_info.json").write_text(json.dumps(described))
        (part / "state.json").write_text(json.dumps({"_data_files": [{"filename": "data-00000-of-00001.arrow"}]}))
    return folder


def write_webdataset(folder: Path) -> Path:
    for split in ("train", "test"):
        with tarfile.open(folder / f"{split}-000000.tar", "w") as archive:
            for number, (part, name, pixels) in enumerate(labelled_images()):
                if part == split:
                    add(archive, f"{number:04}.png", png(pixels))
                    add(archive, f"{number:04}.cls", name.encode())
    return folder


def arrays(split: str) -> tuple[np.ndarray, np.ndarray]:
    chosen = [(name, pixels) for part, name, pixels in labelled_images() if part == split]
    return np.stack([pixels for _, pixels in chosen]), np.array([name for name, _ in chosen])


def write_npz(folder: Path) -> Path:
    (x_train, y_train), (x_test, y_test) = arrays("train"), arrays("test")
    np.savez(folder / "x.npz", x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    return folder / "x.npz"


def write_idx(folder: Path) -> Path:
    for split, stem in (("train", "train"), ("test", "t10k")):
        images, names = arrays(split)
        labels = np.array([CLASSES.index(name) for name in names], np.uint8)
        head = struct.pack(">HBB4I", 0, 8, 4, *images.shape)
        (folder / f"{stem}-images-idx4-ubyte").write_bytes(head + images.tobytes())
        (folder / f"{stem}-labels-idx1-ubyte").write_bytes(
            struct.pack(">HBBI", 0, 8, 1, len(labels)) + labels.tobytes()
        )
    return folder


def write_coco(folder: Path) -> Path:
    write_folders(folder)
    (folder / "annotations").mkdir()
    for split in ("train", "test"):
        paths = [path for path in files() if path.startswith(split)]
        document = {
            "images": [{"id": n, "file_name": path, "coco_url": "http://x.invalid/1"} for n, path in enumerate(paths)],
            "annotations": [
                {"id": n, "image_id": n, "category_id": CLASSES.index(path.split("/")[1]) + 5, "bbox": [0, 0, 1, 1]}
                for n, path in enumerate(paths)
            ],
            "categories": [{"id": n + 5, "name": name} for n, name in enumerate(CLASSES)],
        }
        (folder / f"annotations/instances_{split}2017.json").write_text(json.dumps(document))
    return folder


def write_label_studio(folder: Path) -> Path:
    write_folders(folder)
    (folder / "test").rename(folder / "elsewhere")  # it exports no splits
    tasks = [
        {
            "id": n,
            "data": {"image": f"/data/upload/1/0a1b2c3d-{path.split('/')[-1]}"},
            "annotations": [
                {"result": [{"from_name": "choice", "type": "choices", "value": {"choices": [path.split("/")[1]]}}]}
            ],
        }
        for n, path in enumerate(files())
    ]
    (folder / "project-1.json").write_text(json.dumps(tasks))
    return folder / "project-1.json"


def write_imagefolder(folder: Path) -> Path:
    write_folders(folder)
    for split in ("train", "test"):
        listed = [path.removeprefix(f"{split}/") for path in files() if path.startswith(split)]
        if split == "train":
            lines = [json.dumps({"file_name": path, "label": path.split("/")[0]}) for path in listed]
            (folder / split / "metadata.jsonl").write_text("\n".join(lines))
        else:
            lines = [f"{path},{path.split('/')[0]}" for path in listed]
            (folder / split / "metadata.csv").write_text("\n".join(["file_name,label", *lines]))
    return folder


def write_fiftyone(folder: Path) -> Path:
    (folder / "data").mkdir()
    labels = {}
    for n, (_, name, pixels) in enumerate(labelled_images()):
        (folder / f"data/{n:06}.png").write_bytes(png(pixels))
        labels[f"{n:06}"] = CLASSES.index(name)
    (folder / "labels.json").write_text(json.dumps({"classes": list(CLASSES), "labels": labels}))
    return folder


def write_tfrecord(folder: Path) -> Path:
    for split in ("train", "test"):
        chosen = [(name, pixels) for part, name, pixels in labelled_images() if part == split]
        examples = [
            example(
                image__encoded=png(pixels),
                image__class__text=name.encode(),
                image__class__label=CLASSES.index(name),
                image__width=6.0,
            )
            for name, pixels in chosen
        ]
        (folder / f"{split}-00000-of-00001").write_bytes(records(examples))
    return folder


def write_excel(folder: Path) -> Path:
    write_folders(folder)
    cells = [["path", "label", "split"], *([row["path"], row["label"], row["split"]] for row in rows())]
    lines = "".join(
        "<row>" + "".join(f'<c t="inlineStr"><is><t>{cell}</t></is></c>' for cell in line) + "</row>" for line in cells
    )
    with zipfile.ZipFile(folder / "list.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", '<workbook><sheets><sheet name="Sheet1" r:id="rId1"/></sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels", '<R><Relationship Id="rId1" Target="worksheets/s.xml"/></R>')
        archive.writestr("xl/worksheets/s.xml", f"<worksheet><sheetData>{lines}</sheetData></worksheet>")
    return folder / "list.xlsx"


def write_json_lines(folder: Path) -> Path:
    write_folders(folder)
    (folder / "list.jsonl").write_text("\n".join(map(json.dumps, rows())))
    return folder / "list.jsonl"


def write_one_hot(folder: Path) -> Path:
    write_folders(folder)
    lines = [
        f"{row['path']},{int(row['label'] == 'cat')},{int(row['label'] == 'dog')},{row['split']}" for row in rows()
    ]
    (folder / "list.csv").write_text("\n".join(["filename,cat,dog,set", *lines]))
    return folder / "list.csv"


WITHOUT_SPLITS = ("label-studio", "fiftyone")

WRITERS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "class folders": ("folders", write_folders),
    "zip with a folder around it": ("archive", write_zip),
    "tar": ("archive", lambda folder: write_tar(folder, "w", "x.tar")),
    "tar.gz": ("archive", lambda folder: write_tar(folder, "w:gz", "x.tar.gz")),
    "tar.bz2": ("archive", lambda folder: write_tar(folder, "w:bz2", "x.tar.bz2")),
    "tar.xz": ("archive", lambda folder: write_tar(folder, "w:xz", "x.tar.xz")),
    "tar.zst": ("archive", write_zstd),
    "csv": ("manifest", write_manifest),
    "csv with semicolons": ("manifest", lambda folder: write_manifest(folder, delimiter=";")),
    "tsv": ("manifest", lambda folder: write_manifest(folder, delimiter="\t", name="list.tsv")),
    "parquet manifest": ("manifest", write_parquet_manifest),
    "excel": ("manifest", write_excel),
    "json lines": ("manifest", write_json_lines),
    "one column for each class": ("manifest", write_one_hot),
    "coco": ("coco", write_coco),
    "label studio": ("label-studio", write_label_studio),
    "imagefolder": ("imagefolder", write_imagefolder),
    "fiftyone": ("fiftyone", write_fiftyone),
    "tfrecord": ("tfrecord", write_tfrecord),
    "parquet": ("hugging-face", write_hugging_face),
    "save_to_disk": ("saved-to-disk", write_saved_to_disk),
    "webdataset": ("webdataset", write_webdataset),
    "npz": ("npz", write_npz),
    "idx": ("idx", write_idx),
}


def test_every_form_of_the_catalogue_is_tried_here():
    assert {name for name, _ in WRITERS.values()} == set(FORMATS)


@pytest.mark.parametrize("form", WRITERS)
def test_the_same_images_in_every_form_are_the_same_corpus(form: str, tmp_path: Path):
    name, write = WRITERS[form]
    (tmp_path / "corpus").mkdir()
    corpus = read_corpus(write(tmp_path / "corpus"))
    assert corpus.format == name
    assert corpus.class_names == (("0", "1") if name == "idx" else CLASSES)  # IDX has numbers only
    decoded = decode_corpus(corpus, SIZE)
    got = sorted(
        (each.split or "", each.label, decoded.images[place].tobytes())
        for place, each in enumerate(decoded.corpus.examples)
    )
    wanted = [
        ("" if name in WITHOUT_SPLITS else split, CLASSES.index(label), pixels.tobytes())
        for split, label, pixels in labelled_images()
    ]
    assert got == sorted(wanted)
    counts = decoded.corpus.intake_counts
    assert counts["read"] == 12
    assert counts["refused"] == 0
    assert counts["found"] == counts["read"] + counts["ignored"]
