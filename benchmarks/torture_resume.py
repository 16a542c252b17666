"""Kill a training until it has had enough, and compare it with the one that was left alone: ``make torture``.

python benchmarks/torture_resume.py [KILLS]

Half of the kills hit at a random moment, half in the middle of a checkpoint. A training that ends before it could be
killed is compared and begun anew. Then, where a file system may be mounted, a disk of 20 MB that runs full.
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.conftest import speckled, write_image  # noqa: E402
from tests.journeys.storm import assert_same_result, kill_once, training  # noqa: E402

from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder  # noqa: E402

EPOCHS = 60


def make_corpus(folder: Path) -> Path:
    """Three classes that are not told apart at once."""
    rng = np.random.default_rng(1)
    for name, colour in (("red", (140, 110, 110)), ("green", (110, 130, 110)), ("blue", (110, 110, 140))):
        for number in range(40):
            write_image(folder / name / f"{number:02}.png", speckled(colour, rng=rng))
    return folder


def words_for(corpus: Path, run: Path) -> list[object]:
    """A training of some seconds."""
    return [corpus, "-o", run, "--architecture", "small-cnn", "--image-size", 16, "--epochs", EPOCHS]


def finish(words: list[object], *more: str) -> None:
    """Train to the end."""
    with training(*words, *more) as child:
        assert child.ended() == 0, child.text


def storm(folder: Path, kills: int, seed: int) -> None:
    """So many kills; every training ends as the one in one go, to the bit."""
    corpus, whole = make_corpus(folder / "photos"), folder / "whole"
    finish(words_for(corpus, whole))
    rng, hits, trainings, start = random.Random(seed), Counter[str](), 0, time.monotonic()
    while hits.total() < kills:
        run = folder / f"run-{trainings}"
        words = words_for(corpus, run)
        while hits.total() < kills:
            what = kill_once(words, run, rng, epochs=20, writing=rng.random() < 0.5)
            if what == "finished":
                break
            hits[what] += 1
            print(f"\r{hits.total()} of {kills} kills", end="", flush=True)
        else:
            finish(words, "--resume")
        assert_same_result(run, whole)
        trainings += 1
    took = f"seed {seed}, {time.monotonic() - start:.0f} s"
    print(f"\n{dict(hits)}; {trainings} trainings, every one the same to the bit; {took}")


def full_disk(folder: Path) -> None:
    """A disk of 20 MB that runs full in the middle of a training: what was kept stays whole, and it is said."""
    disk = folder / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", disk], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        print(f"full disk: not tried, no file system can be mounted ({mounted.stderr.strip()})")
        return
    try:
        run, junk = disk / "run", disk / "junk"
        words = words_for(folder / "photos", run)
        checkpoints = CheckpointFolder(run / CHECKPOINTS)
        with training(*words) as child:
            assert child.wait_for(lambda: max(checkpoints.numbers(), default=0) > 5)
            with junk.open("wb", buffering=0) as file:
                try:
                    while True:
                        file.write(b"x" * 4096)
                except OSError:
                    pass
            code = child.ended()
        assert "the disk is full" in child.text, child.text
        assert "are free there" in child.text, child.text
        assert "Traceback" not in child.text, child.text
        found = checkpoints.latest()
        assert found is not None
        assert not list(run.rglob(".hubel-writing-*"))
        junk.unlink()
        finish(words, "--resume")
        assert_same_result(run, folder / "whole")
        print(
            f"full disk: ended with {code}, checkpoint {found.number} stayed whole, resumed it is the same to the bit"
        )
    finally:
        subprocess.run(["umount", disk], check=True)


def main(words: list[str]) -> None:
    """Both, in a folder that is removed."""
    seed = random.randrange(10**6)
    folder = Path(tempfile.mkdtemp(prefix="hubel-torture-"))
    try:
        storm(folder, int(words[0]) if words else 50, seed)
        full_disk(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1:])
