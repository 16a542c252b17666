"""The program of an export, run as its user runs it: in a process of its own, from files."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

from hubel.errors import ClaimFailed
from hubel.events import OnEvent, Progress, ignore
from hubel.exports.program.classify import TOGETHER
from hubel.text import one_line, shortened

PROGRAM = "classify.py"
ALL_NAMED, SOME_REFUSED = 0, 4
"""Exit codes of the program that are no failure."""


@dataclass(frozen=True)
class ProgramAnswers:
    """What the program said.

    Args:
        rows: one object for each image, in their order.
        seconds_per_image: from file to answer, once it has started.
    """

    rows: tuple[dict[str, Any], ...]
    seconds_per_image: float


def run_program(folder: Path, paths: Sequence[Path], *, on_event: OnEvent = ignore) -> ProgramAnswers:
    """Have an export name images.

    Args:
        folder: of the export; nothing is written there.
        paths: of image files.
        on_event: hears `Progress`.

    Raises:
        ClaimFailed: it ended with an error, or did not answer for each image.
    """
    rows, times = [], []
    asked = [*paths] * -(-2 * TOGETHER // max(1, len(paths))) if len(paths) < 2 * TOGETHER else paths
    with TemporaryDirectory(prefix="hubel-program-") as place:
        given, said = Path(place, "paths"), Path(place, "said")
        given.write_bytes(b"".join(os.fsencode(path) + b"\n" for path in asked))
        with (
            given.open("rb") as stdin,
            said.open("wb") as stderr,
            subprocess.Popen(  # noqa: S603  (our own program)
                [sys.executable, "-B", str(folder / PROGRAM), "-"],
                stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, cwd=place,
            ) as process,
        ):  # fmt: skip
            try:
                for row in _rows(process.stdout):
                    rows.append(row)
                    times.append(time.perf_counter())
                    on_event(Progress("checking the export", len(rows), len(asked)))
                code = process.wait()
            finally:
                process.kill()
        words = said.read_text(errors="replace").strip()
    if code not in (ALL_NAMED, SOME_REFUSED) or [row.get("path") for row in rows] != list(map(str, asked)):
        last = words.splitlines()[-1:] or [f"{len(rows)} answers for {len(asked)} images"]
        raise ClaimFailed(
            f"The program of the export ended with {code}: {shortened(one_line(last[0]), 300)}. Nothing was written."
        )
    return ProgramAnswers(tuple(rows[: len(paths)]), _seconds_per_image(times))


def _rows(stream: IO[bytes] | None) -> Iterator[dict[str, Any]]:
    for line in stream or ():
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise ClaimFailed("The program of the export answered with what is no JSON object. Nothing was written.")
        yield row


def _seconds_per_image(times: Sequence[float]) -> float:
    """Of the images behind the first ones, which wait for the start; where there are few, they are named repeatedly."""
    return (times[-1] - times[TOGETHER - 1]) / (len(times) - TOGETHER)
