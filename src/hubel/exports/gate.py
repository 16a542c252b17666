"""The gate: an export is handed over only when it answers like its classifier, from files that it has not learned from.

Its own program names held-out images in a process of its own. Reading, resizing, scaling, weights, the order of the
classes and the calibration are all behind its answers, so a mistake in any of them is seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hubel.classifier.classifier import Classifier
from hubel.errors import ClaimFailed, UnreadableImage, UnusableInput
from hubel.errors.wording import Option, Remedy
from hubel.evaluation.metrics import wilson_interval
from hubel.evaluation.paired import WORSE, PairedTest, compare_hits
from hubel.events import Message, OnEvent, ignore
from hubel.exports.precision import Limit
from hubel.exports.run_program import ProgramAnswers, run_program
from hubel.text import brief, counted, shortened

LEAST_SPREAD, TIMES_LIMIT = 0.01, 10
"""Some probability of the classifier must change so much between two images, and so many times the limit: constant
answers would agree with constant ones. Where a share of the classes must agree, no class may have that share alone."""
MOST_REFUSED = 0.1
"""Share of the images that the program may refuse to read."""
MORE_BITS = Remedy("Take more bits: ", Option("quantize", "float16"), ".")
TOGETHER = 32
"""Images that the classifier is asked about at once."""


@dataclass(frozen=True)
class HeldOutFiles:
    """Image files that a classifier has not learned from.

    Args:
        paths: of the files.
        labels: their class names.
    """

    paths: tuple[Path, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True)
class Parity:
    """How an export compares with its classifier.

    Args:
        examples: images that both named.
        agreement: share to which both give the same class.
        accuracy: of the export.
        accuracy_of_classifier: on the same images.
        accuracy_interval: 95 % interval of the export's.
        max_probability_difference: the largest of all classes and images, to two digits.
        limit: that it may reach.
        passed: always true of an export that was written.
    """

    examples: int
    agreement: float
    accuracy: float
    accuracy_of_classifier: float
    accuracy_interval: tuple[float, float]
    max_probability_difference: float
    limit: float
    passed: bool

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"accuracy_interval": list(self.accuracy_interval)}


@brief
@dataclass(frozen=True)
class Proof:
    """What the gate found.

    Args:
        parity: the numbers.
        paired: whether the export is right more or less often than the classifier.
        seconds_per_image: of the export's program, from file to answer, once it has started.
    """

    parity: Parity
    paired: PairedTest
    seconds_per_image: float

    def _brief(self) -> Any:
        yield f"Proof on {counted(self.parity.examples, 'image')}: agreement {self.parity.agreement:.3f}"


def prove(
    folder: Path, classifier: Classifier, *, files: HeldOutFiles, limit: Limit, on_event: OnEvent = ignore
) -> Proof:
    """Hold an export against its classifier.

    Args:
        folder: of the export.
        classifier: that it was made of.
        files: that both are asked about.
        limit: how far they may be apart.
        on_event: hears what is left out.

    Raises:
        UnusableInput: none of the files can be read.
        ClaimFailed: they do not answer alike, or nothing can be told from the answers.
    """
    known, expected = _reference(classifier, files, on_event=on_event)
    _check_varied(expected, limit)
    said = run_program(folder, known.paths, on_event=on_event)
    named = np.array(["error" not in row for row in said.rows], bool)
    _check_read(said, named, on_event=on_event)
    rows = [row for row in said.rows if "error" not in row]
    found = np.array([[row["probabilities"].get(name, np.nan) for name in classifier.class_names] for row in rows])
    expected, labels = expected[named], np.array(known.labels, object)[named]
    names = np.array(classifier.class_names, object)
    theirs, ours = np.array([row["class_name"] for row in rows], object), names[expected.argmax(axis=1)]
    largest = float(np.abs(found - expected).max())
    paired = compare_hits(theirs == labels, ours == labels)
    faults = [
        *_faults(expected, found, limit=limit),
        *_faults_of_names(rows, classifier, found=found),
        *(["it is right less often, by more than chance explains"] if paired.verdict == WORSE else []),
    ]
    if faults:
        raise ClaimFailed(
            f"The export does not answer like the classifier on {counted(len(rows), 'held-out image')}: "
            f"{'; '.join(faults)}. Nothing was written.",
            *([] if limit.agreement is None else [MORE_BITS]),
        )
    right = int((theirs == labels).sum())
    parity = Parity(
        examples=len(rows),
        agreement=float((theirs == ours).mean()),
        accuracy=right / len(rows),
        accuracy_of_classifier=float((ours == labels).mean()),
        accuracy_interval=wilson_interval(right, len(rows)),
        max_probability_difference=float(f"{largest:.1e}"),
        limit=limit.difference,
        passed=True,
    )
    return Proof(parity, paired, said.seconds_per_image)


def _reference(classifier: Classifier, files: HeldOutFiles, *, on_event: OnEvent) -> tuple[HeldOutFiles, np.ndarray]:
    """The files that the classifier can read, and its probabilities of them: float64 [images, classes]."""
    kept: list[int] = []
    parts: list[np.ndarray] = []
    for start in range(0, len(files.paths), TOGETHER):
        pixels = []
        for place in range(start, min(len(files.paths), start + TOGETHER)):
            try:
                pixels.append(classifier.read_pixels(files.paths[place]))
                kept.append(place)
            except UnreadableImage as error:
                on_event(Message(f"A held-out image is left out: {error.reason}.", warning=True))
        if pixels:
            parts.append(classifier.compute_probabilities(np.stack(pixels)))
    if not parts:
        raise UnusableInput("None of the run's test images can be read, so nothing can be shown of an export.")
    known = HeldOutFiles(tuple(files.paths[each] for each in kept), tuple(files.labels[each] for each in kept))
    return known, np.concatenate(parts)


def _check_varied(expected: np.ndarray, limit: Limit) -> None:
    images = counted(len(expected), "held-out image")
    spread = float(np.ptp(expected, axis=0).max())
    needed = max(LEAST_SPREAD, TIMES_LIMIT * limit.difference if limit.agreement is None else 0)
    commonest = float(np.bincount(expected.argmax(axis=1)).max() / len(expected))
    why = ""
    if not spread >= needed:
        why = f"no probability differs by more than {spread:.2g} between two of them, and {needed:g} is needed"
    elif limit.agreement is not None and commonest >= limit.agreement:
        why = f"{commonest:.4g} of them get one and the same class, and less than {limit.agreement:g} is needed"
    if why:
        raise ClaimFailed(
            f"The classifier answers {images} almost alike: {why} to show anything of an export. "
            "Train it longer, or on more images. Nothing was written."
        )


def _check_read(said: ProgramAnswers, named: np.ndarray, *, on_event: OnEvent) -> None:
    refused = [row for row in said.rows if "error" in row]
    if not refused:
        return
    first = shortened(str(refused[0]["error"]), 200)
    text = f"{len(refused):,} of {counted(len(named), 'held-out image')}"
    if len(refused) > MOST_REFUSED * len(named):
        raise ClaimFailed(f"The program of the export cannot read {text}: {first}. Nothing was written.")
    on_event(Message(f"The program of the export does not read {text}: {first}.", warning=True))


def _faults(expected: np.ndarray, found: np.ndarray, *, limit: Limit) -> list[str]:
    largest = np.abs(found - expected).max()
    best = np.sort(expected, axis=1)[:, -2:]
    other = found.argmax(axis=1) != expected.argmax(axis=1)
    clear = int((other & (best[:, 1] - best[:, 0] > limit.difference)).sum())
    faults = []
    if not largest <= limit.difference:  # also where one is no number
        faults.append(f"a probability differs by {largest:.2g}, and {limit.difference:g} is allowed")
    if limit.agreement is None and clear:
        faults.append(f"{clear:,} of them {'gets' if clear == 1 else 'get'} another class")
    if limit.agreement is not None and not 1 - other.mean() >= limit.agreement:
        faults.append(f"{1 - other.mean():.4g} of them get the same class, and {limit.agreement:g} is needed")
    return faults


def _faults_of_names(rows: Sequence[dict[str, Any]], classifier: Classifier, *, found: np.ndarray) -> list[str]:
    """What a row says beside its probabilities must follow from them."""
    threshold, names = classifier.calibration.abstention_threshold, classifier.class_names
    faults = []
    if any(row["class_name"] != names[int(each.argmax())] for row, each in zip(rows, found, strict=True)):
        faults.append("a class name is not that of the highest probability")
    if any(row["abstained"] != bool(each.max() < threshold) for row, each in zip(rows, found, strict=True)):
        faults.append("it abstains elsewhere")
    return faults
