"""The files of an artefact: no byte changed, cut or added unnoticed; whole or not there, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.unit.classifier.made import FILES, forge, make_classifier, save_made

from hubel import files
from hubel.classifier import saving
from hubel.classifier.artefact import read_parts
from hubel.classifier.self_test import make_self_test
from hubel.engines.catalogue import load_classifier
from hubel.errors import DamagedArtefact, OutputNotWritable, UnusableInput


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_made(tmp_path_factory.mktemp("pristine") / "classifier")


@pytest.fixture
def saved(pristine: Path, tmp_path: Path) -> Path:
    return shutil.copytree(pristine, tmp_path / "classifier")


def refused(folder: Path, part: str) -> None:
    with pytest.raises(DamagedArtefact) as caught:
        load_classifier(folder)
    assert part in str(caught.value)


@pytest.mark.parametrize("name", FILES)
def test_every_997th_byte_flipped_and_many_between_are_refused_by_name(saved: Path, name: str):
    data = (saved / name).read_bytes()
    places = sorted({*range(0, len(data), 997), *range(0, len(data), 7), len(data) - 1})
    assert len(places) > 200
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << (place % 8)
        (saved / name).write_bytes(changed)
        refused(saved, name)
    (saved / name).write_bytes(data)
    assert load_classifier(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_file_cut_anywhere_is_refused_by_name(saved: Path, name: str):
    data = (saved / name).read_bytes()
    for length in range(0, len(data), 31):
        (saved / name).write_bytes(data[:length])
        refused(saved, name)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("link", "is a link, not a file. Copy the classifier with its files: cp -rL"),
        ("dangling link", "is a link, not a file"),
        ("folder", "is not a file"),
        ("pipe", "is not a file"),
        ("gone", r"cannot be read \(No such file"),
    ],
)
def test_what_is_no_plain_file_is_refused(saved: Path, tmp_path: Path, name: str, kind: str, words: str):
    (saved / name).rename(tmp_path / name)
    if kind == "link":
        (saved / name).symlink_to(tmp_path / name)
    elif kind == "dangling link":
        (saved / name).symlink_to(tmp_path / "nowhere")
    elif kind == "folder":
        (saved / name).mkdir()
    elif kind == "pipe":
        os.mkfifo(saved / name)
    if name == "manifest.json" and kind != "link":
        words = "holds no classifier"
    with pytest.raises(UnusableInput, match=f"{name} {words}" if name in words or kind == "link" else words):
        load_classifier(saved)


@pytest.mark.parametrize("name", ["evil.py", "model.keras", "weights.safetensors.1", ".hidden", "a\nb\x1b[31m"])
def test_another_file_in_the_folder_is_refused_by_name(saved: Path, name: str):
    (saved / name).write_text("import os")
    refused(saved, repr(name))


def test_a_link_or_a_folder_beside_is_refused_and_what_a_file_browser_leaves_is_not(saved: Path):
    (saved / ".DS_Store").write_bytes(b"\0")
    assert load_classifier(saved)
    (saved / "Thumbs.db").symlink_to("/etc/passwd")
    refused(saved, "Thumbs.db")
    (saved / "Thumbs.db").unlink()
    (saved / "sub").mkdir()
    refused(saved, "sub")


def swap_labels(document: dict[str, Any]) -> None:
    names = document["class_names"]
    names[0], names[1] = names[1], names[0]


@pytest.mark.parametrize(
    "change",
    [
        swap_labels,
        lambda d: d["class_names"].__setitem__(0, "cow"),
        lambda d: d["preprocessing"].update(resize="crop"),
        lambda d: d["preprocessing"].update(height=9),
        lambda d: d["calibration"].update(temperature=0.51),
        lambda d: d["prediction_sets"]["thresholds"].__setitem__(0, 0.61),
        lambda d: d["off_corpus"].update(limit=2.5),
        lambda d: d["self_test"]["answers"][0]["probabilities"].__setitem__(0, 0.5),
    ],
)
def test_labels_swapped_or_one_number_changed_is_refused(saved: Path, change: Callable[[dict[str, Any]], object]):
    import json

    manifest = saved / "manifest.json"
    document = json.loads(manifest.read_text())
    change(document)
    manifest.write_text(json.dumps(document, indent=1) + "\n")
    refused(saved, "manifest.json has changed since it was written")


def test_a_later_format_says_who_made_it_even_where_it_has_more_files(saved: Path):
    forge(saved, lambda document: document.update(format=6, made_by="hubel 9.1", tomorrow={}))
    (saved / "tomorrow.bin").write_bytes(b"")
    with pytest.raises(DamagedArtefact, match="format 6, made by 'hubel 9.1'.*up to 5. Update: .* pip install .$"):
        load_classifier(saved)


def test_saving_again_and_saving_what_was_loaded_gives_the_same_bytes(pristine: Path, tmp_path: Path):
    for again in (make_classifier(), load_classifier(pristine)):
        save_made(tmp_path / "again", again)
        for name in FILES:
            assert (tmp_path / "again" / name).read_bytes() == (pristine / name).read_bytes()


def test_an_artefact_replaced_while_it_is_loaded_is_the_old_or_the_new_one(tmp_path: Path):
    makers = {seed: make_classifier((f"a{seed}", f"b{seed}"), seed=seed) for seed in (1, 2)}
    kept = {seed: save_made(tmp_path / str(seed), made) for seed, made in makers.items()}
    sums = {seed: read_parts(folder).manifest.checksum for seed, folder in kept.items()}
    target, stop, swaps = tmp_path / "served", threading.Event(), []
    shutil.copytree(kept[1], target)

    def swap() -> None:
        while not stop.is_set():
            for seed in (2, 1):
                with files.written_folder(target, durable=False) as temporary:
                    for name in FILES:
                        shutil.copyfile(kept[seed] / name, temporary / name)
                swaps.append(seed)

    thread = threading.Thread(target=swap)
    thread.start()
    seen = set()
    try:
        for _ in range(400):
            parts = read_parts(target)  # raises where it is mixed
            seen.add(parts.manifest.checksum)
            seed = next(each for each, checksum in sums.items() if checksum == parts.manifest.checksum)
            expected = read_parts(kept[seed]).tensors
            assert all((parts.tensors[name] == tensor).all() for name, tensor in expected.items())
    finally:
        stop.set()
        thread.join()
    assert len(swaps) > 20
    assert seen == set(sums.values())


def test_weights_of_another_artefact_are_refused(tmp_path: Path):
    first, second = (save_made(tmp_path / str(seed), make_classifier(seed=seed)) for seed in (1, 2))
    shutil.copyfile(first / "weights.safetensors", second / "weights.safetensors")
    refused(second, "weights.safetensors has changed since it was written")


class Killed(BaseException):
    """The process ends here."""


class Faults:
    """Every step of a save that changes the disk; at the chosen one, something happens.

    Args:
        monkeypatch: undoes all of it.
        at: number of the step, from 1; 0 only counts.
        kill: the process is dead from that step on and changes nothing any more; else the disk is full at that step.
        half: the step is done, or half of it, before that.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, at: int, kill: bool, half: bool = False) -> None:
        self.at, self.kill, self.half = at, kill, half
        self.steps: list[str] = []
        self.happened = False
        for owner, name in (
            (os, "mkdir"), (os, "fsync"), (os, "chmod"), (os, "rename"), (os, "replace"), (files, "_exchange"),
            (Path, "write_bytes"), (Path, "rename"), (Path, "chmod"), (os, "unlink"), (os, "rmdir"), (shutil, "rmtree"),
        ):  # fmt: skip
            monkeypatch.setattr(owner, name, self._wrapped(name, getattr(owner, name)))
        self._inside = False

    def _wrapped(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*words: Any, **named: Any) -> Any:
            if self._inside:  # a step of a step, as os.rename in Path.rename
                return real(*words, **named)
            if self.happened and self.kill:
                raise Killed
            self.steps.append(name)
            self._inside = True
            try:
                if len(self.steps) == self.at:
                    self.happened = True
                    if self.half and name == "write_bytes":
                        path, data = words
                        real(path, data[: len(data) // 2])
                    elif self.half:
                        real(*words, **named)
                    raise Killed if self.kill else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                return real(*words, **named)
            finally:
                self._inside = False

        return step


def names_in(folder: Path) -> list[str]:
    """Of an artefact that is whole."""
    return read_parts(folder).manifest.document["class_names"]


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "two renames"])
@pytest.mark.parametrize("kind", ["full", "kill before", "kill after"])
@pytest.mark.parametrize("earlier", [True, False], ids=["over an earlier one", "the first"])
def test_a_save_that_is_ended_at_any_step_leaves_the_old_artefact_or_the_new_one(
    tmp_path: Path, kind: str, earlier: bool, exchange: bool, monkeypatch: pytest.MonkeyPatch
):
    old, new = make_classifier(("old", "older")), make_classifier(("new", "newer"), seed=1)
    test = make_self_test(new)
    kept, target = save_made(tmp_path / "kept", old), tmp_path / "run/classifier"

    def attempt(at: int) -> Faults:
        shutil.rmtree(target.parent, ignore_errors=True)
        if earlier:
            shutil.copytree(kept, target)
        with monkeypatch.context() as patched:
            patched.setattr(saving, "make_self_test", lambda _: test)  # the same each time; only the writing matters
            if not exchange:
                patched.setattr(files, "_exchange", lambda *_: False)
            faults = Faults(patched, at=at, kill=kind != "full", half=kind == "kill after")
            try:
                save_made(target, new)
            except (Killed, OutputNotWritable) as error:
                assert faults.happened, error
        return faults

    steps = attempt(0).steps
    placed = steps.index("_exchange" if earlier else "rename")
    assert steps[:placed].count("write_bytes") == 2
    assert steps[:placed].count("fsync") == 3  # both files and their folder, before it takes its place
    assert "fsync" in steps[placed:]  # and the folder that it is in now
    for at in range(1, len(steps) + 1):
        if kind == "full" and steps[at - 1] in ("rmtree", "unlink", "rmdir"):
            continue  # deleting needs no room
        faults = attempt(at)
        assert faults.happened, f"step {at} of {steps} was never reached"
        names = names_in(target) if target.exists() else None
        allowed = (["new", "newer"], ["old", "older"] if earlier else None)
        if earlier and not exchange and kind != "full" and names is None:
            assert faults.steps[at - 1] == "rename"  # between the two renames: the only moment without one
            (left,) = target.parent.glob(f"{files.TEMPORARY_PREFIX}*/old")
            assert names_in(left) == ["old", "older"]
            continue
        assert names in allowed, f"after step {at} ({steps[at - 1]})"
        if kind == "full":
            assert {path.name for path in target.parent.glob("*")} <= {"classifier"}, steps[at - 1]
        save_made(target, new)  # and the next save works
        assert names_in(target) == ["new", "newer"]
    assert load_classifier(target).class_names == ("new", "newer")
