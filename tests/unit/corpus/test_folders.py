"""Class folders: what is an example, what is not, and what is said about it."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import write_image
from tests.unit.corpus.listed import typed

from hubel.corpus.corpus import Corpus, check_trainable
from hubel.corpus.formats.catalogue import read_corpus
from hubel.corpus.reading import make_reading
from hubel.corpus.trees.folder import read_file
from hubel.errors import UnreadableImage, UnusableCorpus, WrongRequest
from hubel.errors.wording import facts_of

PIXELS = np.zeros((4, 4, 3), np.uint8)


def make(root: Path, *paths: str) -> Path:
    for path in paths:
        write_image(root / path, PIXELS)
    return root


def status(corpus: Corpus) -> dict[str, str]:
    return {row.path: f"{row.status} {row.code}".strip() for row in corpus.intake}


def files_below(root: Path) -> int:
    return sum(len(names) for _, _, names in os.walk(root))


def test_flat_class_folders(tmp_path: Path):
    corpus = read_corpus(make(tmp_path, "dog/b.png", "cat/z.png", "cat/a.png"))
    assert corpus.class_names == ("cat", "dog")
    assert [(example.path, example.label) for example in corpus.examples] == [
        ("cat/a.png", 0),
        ("cat/z.png", 0),
        ("dog/b.png", 1),
    ]
    assert corpus.class_counts == {"cat": 2, "dog": 1}


@pytest.mark.parametrize(
    "names", [("train", "validation", "test"), ("train", "val", "test"), ("Training", "valid", "TEST")]
)
def test_given_splits_under_their_usual_names(tmp_path: Path, names: tuple[str, str, str]):
    corpus = read_corpus(make(tmp_path, *(f"{name}/{kind}/1.png" for name in names for kind in ("cat", "dog"))))
    assert corpus.class_names == ("cat", "dog")
    given = {example.path.split("/")[0]: example.split for example in corpus.examples}
    assert [given[name] for name in names] == ["train", "validation", "test"]


def test_a_class_named_train_beside_other_classes_is_a_class(tmp_path: Path):
    corpus = read_corpus(make(tmp_path, "train/1.png", "bus/1.png"))
    assert corpus.class_names == ("bus", "train")
    assert {example.split for example in corpus.examples} == {None}


def test_every_file_is_accounted_for(tmp_path: Path):
    make(tmp_path, "cat/1.png", "cat/deep/er/2.png", "dog/1.PNG", "top.png", "cat/._1.png", "__MACOSX/cat/1.png")
    (tmp_path / "cat/Thumbs.db").write_bytes(b"x")
    (tmp_path / "cat/notes.txt").write_text("x")
    (tmp_path / "dog/no_ending").write_bytes(b"x")
    (tmp_path / "README.md").write_text("x")
    corpus = read_corpus(tmp_path)
    assert status(corpus) == {
        "README.md": "ignored other-file",
        "__MACOSX/cat/1.png": "ignored debris",
        "cat/._1.png": "ignored debris",
        "cat/1.png": "read",
        "cat/Thumbs.db": "ignored debris",
        "cat/deep/er/2.png": "read",
        "cat/notes.txt": "ignored other-file",
        "dog/1.PNG": "read",
        "dog/no_ending": "read",  # opened later: the content decides
        "top.png": "ignored outside-classes",
    }
    counts = corpus.intake_counts
    assert counts["found"] == files_below(tmp_path) == counts["read"] + counts["refused"] + counts["ignored"]


@pytest.mark.timeout(20)
def test_a_named_pipe_is_refused_and_never_waited_for(tmp_path: Path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    os.mkfifo(tmp_path / "cat/pipe.png")
    assert status(read_corpus(tmp_path))["cat/pipe.png"] == "refused not-a-file"
    with pytest.raises(UnreadableImage, match="pipe") as caught:
        read_file(tmp_path / "cat/pipe.png")
    assert caught.value.code == "not-a-file"


def test_names_that_are_not_utf8_are_kept_byte_for_byte(tmp_path: Path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    raw = os.fsencode(tmp_path / "cat") + b"/\xff\xfe.png"
    os.rename(tmp_path / "cat/1.png", raw)
    corpus = read_corpus(tmp_path)
    place = next(index for index, example in enumerate(corpus.examples) if example.label == 0)
    assert os.fsencode(corpus.examples[place].path) == b"cat/\xff\xfe.png"
    assert corpus.read(place).startswith(b"\x89PNG")


def test_class_names_stay_text(tmp_path: Path):
    names = ["01", "1", "1e3", "NA", "__proto__", "true"]
    assert read_corpus(make(tmp_path, *(f"{name}/x.png" for name in names))).class_names == tuple(sorted(names))


def test_an_empty_folder_is_no_class_and_is_mentioned(tmp_path: Path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "horse").mkdir()
    corpus = read_corpus(tmp_path)
    assert corpus.class_names == ("cat", "dog")
    assert corpus.notes == ("Folder 'horse' holds no images, so it is not a class.",)


def test_one_class_only_is_refused(tmp_path: Path):
    with pytest.raises(UnusableCorpus, match="at least two classes.*has only 'cat'"):
        check_trainable(read_corpus(make(tmp_path, "cat/1.png", "cat/2.png")))


@pytest.mark.parametrize("around", ["photos", "photos/of 2024"])
def test_folders_around_the_classes_are_looked_through(tmp_path: Path, around: str):
    corpus = read_corpus(make(tmp_path, f"{around}/cat/1.png", f"{around}/dog/1.png", "photos/cover.png"))
    assert corpus.class_counts == {"cat": 1, "dog": 1}
    assert corpus.notes == (f"Everything is in '{around}/', which is taken as the corpus.",)
    assert status(corpus)["photos/cover.png"] == "ignored outside-classes"


def test_a_folder_without_class_folders_shows_how_it_should_be(tmp_path: Path):
    make(tmp_path, "1.png")
    with pytest.raises(UnusableCorpus, match=r"has no class folders.*cat/1\.jpg"):
        read_corpus(tmp_path)


def test_a_missing_folder_is_named():
    with pytest.raises(UnusableCorpus, match="no file or folder 'nowhere/at/all'"):
        read_corpus("nowhere/at/all")


def test_a_file_that_is_no_corpus_says_what_would_be_one(tmp_path: Path):
    (tmp_path / "letter.docx").write_bytes(b"x")
    with pytest.raises(UnusableCorpus, match="is not a corpus that Hubel can read. It reads: .*class folders"):
        read_corpus(tmp_path / "letter.docx")


def test_fewer_than_three_images_in_every_class_are_too_few(tmp_path: Path):
    with pytest.raises(UnusableCorpus, match="has at most 1 image in a class. .* a class needs 3;"):
        check_trainable(read_corpus(make(tmp_path, "cat/1.png", "dog/1.png")))


@pytest.mark.skipif(os.geteuid() == 0 and not Path("/usr/bin/setpriv").exists(), reason="root reads everything")
def test_a_file_without_permission_says_chmod(tmp_path: Path):
    make(tmp_path, "cat/1.png")
    (tmp_path / "cat/1.png").chmod(0)
    if os.geteuid() == 0:
        os.setegid(65534)
        os.seteuid(65534)
    try:
        os.chmod(tmp_path, 0o755) if os.geteuid() != 65534 else None
        with pytest.raises(UnreadableImage) as caught:
            read_file(tmp_path / "cat/1.png")
    finally:
        if os.getuid() == 0:
            os.seteuid(0)
            os.setegid(0)
    assert caught.value.code == "permission-denied"
    assert "chmod" in caught.value.reason


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user here")
def test_a_folder_that_may_not_be_listed_is_named_and_the_rest_is_read(tmp_path: Path):
    make(tmp_path, "cat/1.png", "dog/1.png", "owl/1.png")
    before = {path: path.stat().st_mode for path in tmp_path.parents}
    for path in (tmp_path, *tmp_path.parents):
        if path.stat().st_uid == 0 and str(path) != "/":
            path.chmod(path.stat().st_mode | 0o055)
    (tmp_path / "owl").chmod(0)
    os.setegid(65534)
    os.seteuid(65534)
    try:
        found = status(read_corpus(tmp_path))
    finally:
        os.seteuid(0)
        os.setegid(0)
        for path, mode in before.items():
            path.chmod(mode)
        (tmp_path / "owl").chmod(0o755)
    assert found == {"cat/1.png": "read", "dog/1.png": "read", "owl/": "refused permission-denied"}


def test_a_folder_that_contains_itself_ends(tmp_path: Path):
    make(tmp_path, "cat/1.png", "dog/1.png")
    (tmp_path / "cat/loop").symlink_to(".")
    assert status(read_corpus(tmp_path)) == {
        "cat/1.png": "read",
        "cat/loop": "refused link-to-parent",
        "dog/1.png": "read",
    }


def test_many_files_are_listed_with_progress_and_little_memory(tmp_path: Path):
    import tracemalloc

    from hubel.events import Progress

    make(tmp_path, "cat/0.png", "dog/0.png")
    for name in ("cat", "dog"):
        for number in range(1, 5000):
            os.link(tmp_path / name / "0.png", tmp_path / name / f"{number}.png")
    heard: list[object] = []
    read_corpus(tmp_path)  # imports
    tracemalloc.start()
    corpus = read_corpus(tmp_path, on_event=heard.append)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(corpus) == 10_000
    assert peak < 1000 * len(corpus)
    assert [event.done for event in heard if isinstance(event, Progress)] == [2000, 4000, 6000, 8000, 10_000]


def test_a_folder_with_a_list_instead_of_class_folders_says_to_name_the_list(tmp_path: Path):
    make(tmp_path, "1.png")
    (tmp_path / "labels.csv").write_text("path,label\n1.png,cat\n")
    with pytest.raises(UnusableCorpus, match=r"If labels\.csv lists its images .* name that: .*labels\.csv"):
        read_corpus(tmp_path)


def test_folders_inside_class_folders_are_explained(tmp_path: Path):
    corpus = read_corpus(make(tmp_path, "cat/tabby/1.png", "cat/siamese/2.png", "dog/1.png"))
    assert corpus.class_counts == {"cat": 2, "dog": 1}
    (note,) = corpus.notes
    assert note == (
        "Class 'cat' has folders of its own ('siamese', 'tabby'): their images count as 'cat'. If those folders "
        "are the classes, put them side by side at the top of the corpus."
    )


def test_a_test_part_without_labels_is_left_out_and_named_for_predict(tmp_path: Path):
    root = make(tmp_path / "my corpus", "train/cat/1.png", "train/dog/2.png", "test/3.png", "test/4.png")
    (root / "sample_submission.csv").write_text("id,label\n3,cat\n")
    corpus = read_corpus(root)
    assert corpus.class_counts == {"cat": 1, "dog": 1}
    assert status(corpus) == {
        "sample_submission.csv": "ignored other-file",
        "test/3.png": "ignored unlabelled",
        "test/4.png": "ignored unlabelled",
        "train/cat/1.png": "read",
        "train/dog/2.png": "read",
    }
    (note,) = corpus.notes
    assert typed(note) == (
        "2 images in 'test' are left out: it has no class folders, so its images have no labels. After training, name "
        f"them: hubel predict RUN '{root}/test'"
    )


def test_two_test_parts_are_not_merged_and_the_account_adds_up(tmp_path: Path):
    names = ("Training", "Test", "test-multiple_fruits")
    root = make(tmp_path, *(f"{name}/{kind}/1.png" for name in names for kind in ("apple", "pear")))
    corpus = read_corpus(root)
    assert {example.path.split("/")[0]: example.split for example in corpus.examples} == {
        "Training": "train",
        "Test": "test",
    }
    assert corpus.intake_counts == {"found": 6, "read": 4, "refused": 0, "ignored": 2}
    (note,) = corpus.notes
    assert typed(note) == (
        "2 images in 'test-multiple_fruits' are left out: another folder is the test part. To take this one instead: "
        "--splits train=Training,test=test-multiple_fruits"
    )
    assert facts_of(note) == "2 images in 'test-multiple_fruits' are left out: another folder is the test part."
    (row, _) = corpus.left_out
    assert row.reason == "its folder 'test-multiple_fruits' is left out: another folder is the test part"
    again = read_corpus(root, reading=make_reading({"splits": "train=Training,test=test-multiple_fruits"}))
    assert status(again)["Test/apple/1.png"] == "ignored left-out"
    assert status(again)["test-multiple_fruits/apple/1.png"] == "read"


def test_folders_that_can_be_read_in_two_ways_are_refused_with_both_and_the_options(tmp_path: Path):
    make(tmp_path, *(f"fold_{fold}/{kind}/1.png" for fold in range(3) for kind in ("cat", "dog")))
    with pytest.raises(UnusableCorpus) as caught:
        read_corpus(tmp_path)
    assert typed(caught.value.text) == (
        f"The folders of {tmp_path} can be read in more than one way. (1) Parts with the classes 'cat' and 'dog' in them "
        "(train: 'fold_0' (2 images) and 'fold_1' (2 images); test: 'fold_2' (2 images)). For this, add --splits "
        "train=fold_0,train=fold_1,test=fold_2. (2) 3 classes: 'fold_0' (2 images), 'fold_1' (2 images) and 'fold_2' "
        "(2 images). For this, add --splits none."
    )
    parts = read_corpus(tmp_path, reading=make_reading({"splits": "train=fold_0,train=fold_1,test=fold_2"}))
    assert parts.class_counts == {"cat": 3, "dog": 3}
    classes = read_corpus(tmp_path, reading=make_reading({"splits": "none"}))
    assert classes.class_counts == {"fold_0": 2, "fold_1": 2, "fold_2": 2}


def test_parts_without_class_folders_beside_a_list_say_to_name_the_list(tmp_path: Path):
    make(tmp_path, "train/1.png", "test/2.png")
    (tmp_path / "train.csv").write_text("path,label\ntrain/1.png,cat\n")
    with pytest.raises(
        UnusableCorpus, match=r"Parts without class folders.*If train\.csv lists the images .*train\.csv$"
    ):
        read_corpus(tmp_path)


def test_one_folder_beside_a_list_says_to_name_the_list(tmp_path: Path):
    make(tmp_path, "images/1.png", "images/2.png")
    (tmp_path / "labels.csv").write_text("path,label\nimages/1.png,cat\n")
    with pytest.raises(UnusableCorpus, match=r"has only one class folder, 'images'. If labels\.csv lists"):
        read_corpus(tmp_path)


def test_a_corpus_of_another_form_has_no_folders_to_choose(tmp_path: Path):
    for text in ("none", "train=a"):
        with pytest.raises(WrongRequest, match=r"^splits.* does not apply to digits.*It is for: .*class folders"):
            read_corpus("digits", reading=make_reading({"splits": text}))
