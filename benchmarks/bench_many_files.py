"""Does memory stay flat however many images there are, and does a kill change the answers?

    python benchmarks/bench_many_files.py RUN IMAGE [FILES] [MEMBERS] [KILLS]

FILES hard links to an image in folders of 1,000, and one tar of MEMBERS copies: the most memory (resident) up to 5 % of
the images, and up to the end. Then the folder is named once more, killed (-9) KILLS times at random instants and gone
on with, and the file is compared with the first one.
"""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

OF_A_FOLDER = 1000
CHANCE = random.Random(0)
MARKS = (0.05, 0.25, 0.5, 0.75)
"""Shares of the images at which the memory is told."""


def make_folder(image: Path, folder: Path, *, count: int) -> Path:
    """Hard links, of which a file system allows so many to each copy."""
    copy = image
    for number in range(count):
        place = folder / f"{number // OF_A_FOLDER:04}"
        place.mkdir(parents=True, exist_ok=True)
        path = place / f"{number:07}{image.suffix}"
        if number % 30_000 == 0:
            copy = Path(shutil.copy(image, path))
        else:
            path.hardlink_to(copy)
    return folder


def make_tar(image: Path, path: Path, *, count: int) -> Path:
    """Copies of an image."""
    content = image.read_bytes()
    with tarfile.open(path, "w") as archive:
        for number in range(count):
            member = tarfile.TarInfo(f"{number:07}{image.suffix}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def command(run: str, inputs: Path, out: Path, *more: str) -> list[str]:
    """What is typed."""
    return [sys.executable, "-m", "hubel", "predict", run, str(inputs), "-o", str(out), *more]


def most_memory(process: subprocess.Popen) -> float:
    """MB that a process held at most so far; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM")), 0.0)


def answered(out: Path) -> int:
    """How many inputs the journal counts."""
    try:
        return json.loads((out.with_name(f"{out.name}.unfinished") / "journal.json").read_text())["done"]["inputs"]
    except (OSError, ValueError):
        return 0


def watch(run: str, inputs: Path, out: Path, *, count: int) -> float:
    """Name everything, tell the memory on the way, and give the seconds it took."""
    begun, marks, told, most = time.perf_counter(), list(MARKS), [], 0.0
    process = subprocess.Popen(command(run, inputs, out), stdout=subprocess.PIPE, text=True)
    while process.poll() is None:
        now = most_memory(process)
        most = max(most, now)
        if now and marks and answered(out) >= marks[0] * count:
            told.append(f"{marks.pop(0):.0%} {now:,.0f}")
        time.sleep(0.1)
    print(f"{inputs.name}: {count:,} images, most MB by {', '.join(told)}, the end {most:,.0f}")
    print(f"  {process.communicate()[0].strip()}")
    check(process)
    return time.perf_counter() - begun


def check(process: subprocess.Popen) -> None:
    """See that it ended as it should."""
    if process.returncode not in (0, 4):
        sys.exit(f"hubel predict failed with exit code {process.returncode}")


def storm(run: str, inputs: Path, out: Path, *, kills: int, seconds: float) -> int:
    """Kill until it has had enough; how many kills hit.

    Args:
        run: names the images.
        inputs: are named.
        out: the file.
        kills: that are wanted.
        seconds: that it takes when it is left alone.
    """
    hit = 0
    while hit < kills:
        process = subprocess.Popen(command(run, inputs, out, "--resume"), stdout=subprocess.DEVNULL)
        try:
            process.wait(CHANCE.uniform(0.2, min(seconds, 2 * seconds / kills + 3)))
            check(process)
            return hit  # finished before it was killed: once more
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            hit += 1
    subprocess.run(command(run, inputs, out, "--resume"), stdout=subprocess.DEVNULL, check=False)
    return hit


def main(run: str, image: str, files: int = 200_000, members: int = 100_000, kills: int = 20) -> None:
    """Print what was found."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as place:
        here = Path(place)
        folder = make_folder(Path(image), here / "links", count=files)
        seconds = watch(run, folder, here / "names.csv", count=files)
        watch(run, make_tar(Path(image), here / "copies.tar", count=members), here / "tar.csv", count=members)
        hit = 0
        while hit < kills:
            (here / "killed.csv").unlink(missing_ok=True)
            hit += storm(run, folder, here / "killed.csv", kills=kills - hit, seconds=seconds)
            same = (here / "killed.csv").read_bytes() == (here / "names.csv").read_bytes()
            print(f"{hit} of {kills} kills: the file is {'the same to the byte' if same else 'ANOTHER ONE'}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:3], *map(int, sys.argv[3:]))
