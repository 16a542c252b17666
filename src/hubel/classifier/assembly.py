"""The parts of an artefact → a classifier that answers here as it did where it was saved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from hubel.architectures.spec import Spec
from hubel.classifier.answering import Calibration
from hubel.classifier.artefact import MISTAKES, Parts, damaged, read_architecture
from hubel.classifier.classifier import Classifier
from hubel.classifier.manifest import CURE, MANIFEST, UPDATE, WEIGHTS
from hubel.classifier.mirrored import with_tta
from hubel.classifier.prediction_sets import PredictionSets
from hubel.classifier.runtime import MakeEngine, Runtime
from hubel.classifier.self_test import Outcome, SelfTest, read_self_test, run_self_test
from hubel.classifier.self_test_cache import is_quick, marker, remember
from hubel.classifier.stored_score import check_channels, read_score
from hubel.errors import ClaimFailed, DamagedArtefact
from hubel.errors.wording import Command, Text
from hubel.files import is_there
from hubel.images.decode import DECODER_VERSION
from hubel.images.preprocessing import Preprocessing
from hubel.text import one_line, shortened
from hubel.wishes import NO_TTA


def open_parts(parts: Parts, runtime: Runtime) -> Classifier:
    """The classifier of an artefact, tested if it is the first time with these libraries on this machine.

    Args:
        parts: of `read_parts`.
        runtime: runs its network.

    Raises:
        DamagedArtefact: the parts do not fit together.
        ClaimFailed: it does not answer here as it did where it was saved.
    """
    classifier, test = assemble(
        parts.manifest.document, parts.tensors, folder=parts.folder, make_engine=runtime.make_engine
    )
    known = marker(parts.manifest.checksum, runtime.libraries)
    if test is not None and is_quick(classifier.blueprint.spec) and not is_there(known):
        outcome = run_and_remember(parts, classifier, test=test, runtime=runtime)
        if not outcome.holds:
            raise ClaimFailed(describe_failure(parts, outcome, runtime=runtime))
    return classifier


def assemble(
    document: dict[str, Any], tensors: dict[str, np.ndarray], *, folder: Path, make_engine: MakeEngine
) -> tuple[Classifier, SelfTest | None]:
    """Put the network together with what belongs to it.

    Args:
        document: of the manifest.
        tensors: of `read_weights`, name → float32 [...].
        folder: named in errors.
        make_engine: runs the network.

    Raises:
        DamagedArtefact: the parts do not fit together.
    """
    try:
        return _assemble(document, dict(tensors), folder=folder, make_engine=make_engine)
    except MISTAKES as error:
        if isinstance(error, DamagedArtefact):
            raise
        raise damaged(folder / MANIFEST, error) from error


def _assemble(
    document: dict[str, Any], weights: dict[str, np.ndarray], *, folder: Path, make_engine: MakeEngine
) -> tuple[Classifier, SelfTest | None]:
    blueprint = read_architecture(document, folder)
    class_names = _read_class_names(document["class_names"], blueprint.spec, folder=folder)
    preprocessing = _read_preprocessing(document["preprocessing"], blueprint.spec, folder=folder)
    calibration, sets = Calibration(**document["calibration"]), _read_sets(document.get("prediction_sets"))
    off_corpus = read_score(document.get("off_corpus"), weights, folder=folder)
    test = read_self_test(document.get("self_test"), class_names)
    provenance = dict(document["provenance"])
    engine = with_tta(make_engine(blueprint, weights, folder / WEIGHTS), document.get("tta", NO_TTA))
    classifier = Classifier(
        engine, blueprint, class_names, preprocessing, calibration, provenance, sets, off_corpus, folder
    )
    if off_corpus is not None:
        check_channels(off_corpus, engine.compute(classifier.no_images, wanted="maps"), folder=folder)
    return classifier, test


def _read_class_names(described: object, spec: Spec, *, folder: Path) -> tuple[str, ...]:
    names = described if isinstance(described, list) else []
    if not all(isinstance(name, str) for name in names) or not len(set(names)) == len(names) == spec.classes:
        raise DamagedArtefact(
            f"{folder / MANIFEST} has {len(names):,} class names for {spec.classes} classes; each class needs its own. "
            f"{CURE}"
        )
    return tuple(names)


def _read_preprocessing(document: object, spec: Spec, *, folder: Path) -> Preprocessing:
    if not isinstance(document, dict):
        raise DamagedArtefact(f"{folder / MANIFEST} has no preprocessing. {CURE}")
    decoder = document["decoder"]
    # Later decoders read everything that earlier ones read rightly, to the same pixels.
    if not isinstance(decoder, int) or isinstance(decoder, bool) or not 1 <= decoder <= DECODER_VERSION:
        raise DamagedArtefact(
            f"{folder / MANIFEST} needs decoder {decoder!r}, this version has {DECODER_VERSION}. {UPDATE}"
        )
    preprocessing = Preprocessing.from_json(document)
    if preprocessing.size != spec.image_size:
        raise DamagedArtefact(
            f"{folder / MANIFEST}: preprocessing makes images of {preprocessing.size}, the model takes another size. "
            f"{CURE}"
        )
    return preprocessing


def _read_sets(described: dict[str, Any] | None) -> PredictionSets | None:
    if described is None:
        return None
    return PredictionSets(tuple(map(float, described["thresholds"])), int(described["examples"]))


def run_and_remember(parts: Parts, classifier: Classifier, *, test: SelfTest, runtime: Runtime) -> Outcome:
    """Run the self-test; if it holds, the next load skips it.

    Args:
        parts: of the artefact.
        classifier: made of them.
        test: of its manifest.
        runtime: what computes the answers.
    """
    outcome = run_self_test(classifier, test, tolerance=runtime.tolerance)
    if outcome.holds:
        remember(marker(parts.manifest.checksum, runtime.libraries))
    return outcome


def describe_failure(parts: Parts, outcome: Outcome, *, runtime: Runtime) -> Text:
    """What does not hold, why that may be, and what to do.

    Args:
        parts: of the artefact.
        outcome: of its self-test.
        runtime: what computed the answers.
    """
    provenance = parts.manifest.document["provenance"]
    made_with = provenance.get("versions") if isinstance(provenance, dict) else None
    known = made_with if isinstance(made_with, dict) else {}
    there = one_line(shortened(", ".join(f"{name} {known[name]}" for name in sorted(known)), 300)) or "unknown versions"
    here = ", ".join(f"{name} {number}" for name, number in runtime.libraries.items())
    return Text(
        f"{parts.folder}: this classifier does not answer here as it did where it was saved. {outcome.failures[0]} "
        f"(tolerance {outcome.tolerance:g}). Its files match their checksums, so the libraries or this machine compute "
        f"differently. It was made with {there}; here are {here}. See every check: ",
        Command("verify", (str(parts.folder),)),
        "; then install the versions it was made with, or train it again.",
    )
