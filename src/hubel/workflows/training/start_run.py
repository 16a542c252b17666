"""The run whose weights a training begins with, and what a request must not contradict.

Loads no framework, so that the answer comes at once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hubel.architectures.catalogue import (
    ARCHITECTURES,
    Architecture,
    Blueprint,
    blueprint_from_json,
    find_architecture,
    make_blueprint,
)
from hubel.architectures.families.pretrained import PretrainedSpec
from hubel.architectures.file_kinds import is_model_target
from hubel.architectures.spec import Spec
from hubel.classifier.manifest import CURE, MANIFEST, read_manifest
from hubel.errors import DamagedArtefact, HubelError, UnusableInput, WrongRequest
from hubel.errors.wording import Option
from hubel.files import is_file, real_path
from hubel.images.preprocessing import Preprocessing
from hubel.runs.documents import no_run, read_document
from hubel.runs.is_run import ARTEFACT
from hubel.runs.request import TrainRequest
from hubel.runs.run_folder import BEGINS, free_beside
from hubel.training.checkpoints import CHECKPOINTS, CheckpointFolder
from hubel.workflows.training.choose import Choice


@dataclass(frozen=True)
class StartRun:
    """What a training takes over from a run beside its weights.

    Args:
        path: the run folder.
        blueprint: its architecture.
        class_names: in the order of its outputs.
        preprocessing: as its images were prepared.
        weights: what its own pretrained backbone began with; ``"none"`` from scratch.
        digest: SHA-256 of its weights.
    """

    path: Path
    blueprint: Blueprint
    class_names: tuple[str, ...]
    preprocessing: Preprocessing
    weights: str
    digest: str

    def choose(self, classes: int) -> Choice:
        """Architecture and preprocessing, as the run had them, for so many classes."""
        return Choice(_entry(self.blueprint, classes), self.weights, self.preprocessing, chosen_for_user=False)


def holds_a_start(run: Path) -> bool:
    """Whether another training can begin from what lies in this folder."""
    return all(is_file(run / name) for name in BEGINS)


def find_start(request: TrainRequest) -> StartRun | None:
    """The run that a training begins from; None where it begins anew.

    Raises:
        WrongRequest: the request contradicts the run, or would write over it.
        UnusableInput: it is no run, or holds no classifier.
        DamagedArtefact: its classifier has changed since it was written.
    """
    run = request.from_run
    if run is None:
        return None
    _check_run(run, request)
    manifest = run / ARTEFACT / MANIFEST
    document = read_manifest(manifest.parent).document
    try:
        blueprint = blueprint_from_json(document["architecture"])
        preprocessing = Preprocessing.from_json(document["preprocessing"])
        names, digest = tuple(map(str, document["class_names"])), str(document["weights"]["sha256"])
    except (HubelError, KeyError, TypeError, ValueError, AttributeError) as error:
        reason = error.text if isinstance(error, HubelError) else str(error)
        raise DamagedArtefact(f"{manifest} has changed since it was written (", reason, f"). {CURE}") from error
    spec, weights = blueprint.spec, "none"
    if isinstance(spec, PretrainedSpec) and spec.fixed_statistics:
        weights = str(read_document(run).get("weights", "imagenet"))
    start = StartRun(run, blueprint, names, preprocessing, weights, digest)
    for option, has in _contradictions(request, start):
        raise WrongRequest(
            option, " contradicts ", Option("from_run", str(run)), f": {has}. Leave ", Option(option.name),
            " out, or leave ", Option("from_run"), " out to begin anew.",
        )  # fmt: skip
    return start


def _check_run(run: Path, request: TrainRequest) -> None:
    if is_model_target(run):
        raise WrongRequest(
            Option("from_run"), f" takes a run folder, and {run} is a model file. To begin anew, leave ",
            Option("from_run"), " out.",
        )  # fmt: skip
    if real_path(run) == real_path(request.out):
        raise WrongRequest(
            Option("from_run"), " and ", Option("out"), f" name the same folder, {run}. Training never changes "
            "the run it begins from. Choose another folder: ", Option("out", str(free_beside(request.out))),
        )  # fmt: skip
    missing = next((name for name in BEGINS if not is_file(run / name)), None)
    if missing is None:
        return
    if CheckpointFolder(run / CHECKPOINTS).numbers():
        raise UnusableInput(
            f"The run in {run} is unfinished, so it holds no classifier to begin from. Finish it first: the command "
            "that began it, with ", Option("resume", value=True), ".",
        )  # fmt: skip
    raise UnusableInput(Option("from_run"), ": ", no_run(run, missing))


def _contradictions(request: TrainRequest, start: StartRun) -> Iterator[tuple[Option, str]]:
    """Each option that contradicts the run, and what the run has instead."""
    spec, preprocessing = start.blueprint.spec, start.preprocessing
    if request.weights is not None:
        yield Option("weights", request.weights), "the weights are those of that run"
    if request.architecture is not None and not _is_of(find_architecture(request.architecture), spec):
        yield Option("architecture", _word(request.architecture)), f"its architecture is {start.blueprint.name}"
    alpha = getattr(spec, "alpha", None)
    if request.alpha not in (None, alpha):
        has = "its architecture comes in one width" if alpha is None else f"its network has the width {alpha:g}"
        yield Option("alpha", request.alpha), has
    side = request.image_size
    if side is not None and (side, side) != preprocessing.size:
        height, width = preprocessing.size
        yield Option("image_size", side), f"its classifier takes {height} x {width} pixels"
    if request.resize not in (None, preprocessing.resize):
        yield Option("resize", request.resize), f"its images are resized by {preprocessing.resize!r}"
    if request.reading.bands not in ((), preprocessing.bands):
        has = ",".join(map(str, preprocessing.bands)) or "none in particular"
        yield Option("bands", ",".join(map(str, request.reading.bands))), f"its bands are {has}"


def _is_of(entry: Architecture, spec: Spec) -> bool:
    """Whether this architecture makes this spec."""
    pretrained = isinstance(spec, PretrainedSpec)
    alpha = getattr(spec, "alpha", None) if entry.pretrained or not pretrained else None
    try:
        made = make_blueprint(entry, spec.image_size, classes=spec.classes, alpha=alpha).spec
    except WrongRequest:
        return False
    if isinstance(made, PretrainedSpec) and isinstance(spec, PretrainedSpec):
        made = replace(made, fixed_statistics=spec.fixed_statistics)
    return made == spec


def _entry(blueprint: Blueprint, classes: int) -> Architecture:
    """The catalogue's where that makes the same network; else one that makes it."""
    known, spec = ARCHITECTURES.get(blueprint.name), blueprint.spec
    if known is not None:
        with contextlib.suppress(WrongRequest):
            if known.make_spec(spec.image_size, classes) == replace(spec, classes=classes):
                return known

    def make_spec(image_size: tuple[int, int], classes: int) -> Spec:
        return replace(spec, image_size=image_size, classes=classes)

    alphas = known.alphas if known is not None and isinstance(spec, PretrainedSpec) else ()
    return Architecture(blueprint.name, "as in the run it begins from", make_spec, max(spec.image_size), alphas=alphas)


def _word(architecture: Any) -> str:
    return str(architecture) if isinstance(architecture, (str, Path)) else find_architecture(architecture).name
