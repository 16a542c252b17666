"""Try every explanation on test images of a run, and find out which deserve belief on this classifier."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hubel.arrays import Image
from hubel.classifier.artefact import find_artefact, read_parts
from hubel.classifier.classifier import Classifier
from hubel.engines.catalogue import ENGINES, load_classifier
from hubel.errors import UnreadableImage, UnusableInput, WrongRequest
from hubel.errors.wording import Command, Option
from hubel.events import Message, OnEvent, Progress, ignore
from hubel.explanation.assessment.measure import Case, MapNumbers, correlate, make_case, measure, random_numbers
from hubel.explanation.assessment.randomised import Replaceable
from hubel.explanation.assessment.stability import COPIES
from hubel.explanation.catalogue import EXPLANATIONS, Explanation
from hubel.explanation.of_classifier import subject_of
from hubel.explanation.subject import Subject
from hubel.files import said_plainly, write_json
from hubel.random_streams import stream
from hubel.runs.is_run import EXPLANATIONS_FILE
from hubel.text import duration
from hubel.wishes import AUTO
from hubel.workflows.explaining.assessment import Assessment, MethodScore
from hubel.workflows.explaining.judge import recommend, score_method
from hubel.workflows.exporting.own_images import OwnImages, Purpose, find_own_images

USUAL_IMAGES = 12
DRAWS = 3
"""Networks with replaced weights, each for a part of the images."""
STAGE = "assessing explanations"


def _cure(run: Path) -> tuple[str | Command, ...]:
    return "Put it back, then: ", Command("explain", (str(run),), (Option("assess", value=True),))


ASSESSING = Purpose("Explanations are assessed on test images of the run", _cure)
_Numbers = dict[str, list[MapNumbers]]


@dataclass(frozen=True)
class _Bench:
    """What methods are tried on.

    Args:
        subject: the classifier.
        cases: the images.
        methods: name → method.
        told: hears of maps that are made.
    """

    subject: Subject
    cases: list[Case]
    methods: Mapping[str, Explanation]
    told: Iterator[None]


def assess(
    run: Path, *, images: int = USUAL_IMAGES, seed: int = 0, engine: str = AUTO, on_event: OnEvent = ignore
) -> Assessment:
    """Score every method on the same test images, recommend one, and keep that in the run folder.

    Args:
        run: a run folder.
        images: how many test images, spread evenly over the test split; at least 1.
        seed: of everything random.
        engine: a name in `hubel.engines.catalogue.ENGINES`, or ``"auto"``.
        on_event: hears what goes on.

    Raises:
        UnusableInput: no run folder, or its test images are not there as they were.
        OutputNotWritable: the run folder cannot be written.
    """
    own = find_own_images(run, purpose=ASSESSING, on_event=on_event)
    with said_plainly(run), tempfile.TemporaryFile(dir=run):
        pass
    parts = read_parts(find_artefact(run))
    classifier = load_classifier(run, engine=engine)
    subject = subject_of(classifier)
    chosen = list(_pixels(own, classifier, most=images))
    cases = [
        make_case(subject, image, seed=seed + place, rng=stream("assessment", seed, epoch=place))
        for place, image in enumerate(chosen)
    ]
    methods, refused = _usable(subject, cases[0], on_event=on_event)
    replaceable = Replaceable(classifier, parts)
    told = _progress(len(cases) * len(methods) * (1 + len(replaceable.stages)), on_event=on_event)
    bench = _Bench(subject, cases, methods, told)
    random = [random_numbers(subject, case) for case in cases]
    numbers = _measured(bench, stages=len(replaceable.stages), on_event=on_event)
    for draw in range(min(DRAWS, len(cases))):
        for randomised in replaceable.randomised(stream("replaced weights", seed, epoch=draw)):
            _correlate(bench, subject_of(randomised), numbers=numbers, places=range(draw, len(cases), DRAWS))
    found = _judged(run, numbers, random=random, seed=seed)
    found = replace(found, methods=(*found.methods, *(MethodScore(name, marked=why) for name, why in refused.items())))
    write_json(run / EXPLANATIONS_FILE, found.to_file())
    return found


def _pixels(own: OwnImages, classifier: Classifier, *, most: int) -> Iterator[Image]:
    """Test images at the working size.

    Raises:
        UnusableInput: none can be read.
    """
    count = 0
    for _, content in own.contents("test", most=most):
        try:
            yield classifier.read_pixels(content)
        except UnreadableImage as error:
            own.on_event(Message(f"A test image is left out: {error.reason}.", warning=True))
            continue
        count += 1
    if not count:
        where = f"None of the test images of {own.run} in {own.corpus.location}"
        raise UnusableInput(f"{where} can be read and is as the run had it. {ASSESSING.why}. ", *_cure(own.run))


def _usable(
    subject: Subject, case: Case, *, on_event: OnEvent
) -> tuple[dict[str, Explanation], dict[str, str]]:  # fmt: skip
    """The methods that can be tried here, and why others have nothing to show on such a network."""
    named, framework = dict(EXPLANATIONS), ENGINES["keras"]
    if not framework.installed:
        left_out = [name for name, each in named.items() if each.needs_framework]
        named = {name: each for name, each in named.items() if not each.needs_framework}
        on_event(
            Message(
                f"Left out: {', '.join(left_out)}. They take derivatives, which needs a framework, and none is "
                f"installed. In the folder of Hubel's source, type: pip install {framework.install}",
                warning=True,
            )
        )
    refused = {}
    for name, each in named.items():
        if each.needs_maps:
            try:
                each.compute(subject, case.image, question=case.question, seed=case.seed)
            except WrongRequest as error:
                refused[name] = str(error)
    return {name: each for name, each in named.items() if name not in refused}, refused


def _progress(total: int, *, on_event: OnEvent) -> Iterator[None]:
    """Each step tells that one method is done with one image, on the classifier or with replaced weights."""
    for done in range(1, total + 1):
        on_event(Progress(STAGE, done, total, unit="maps"))
        yield


def _measured(bench: _Bench, *, stages: int, on_event: OnEvent) -> _Numbers:
    """Name → numbers for each image, without those of replaced weights; after the first, when all will be done."""
    numbers: _Numbers = {name: [] for name in bench.methods}
    begun = time.monotonic()
    for number, case in enumerate(bench.cases):
        if number == 1:
            an_image = time.monotonic() - begun
            left = an_image * (len(bench.cases) * (1 + stages / (1 + COPIES)) - 1)
            on_event(Message(f"The first of {len(bench.cases)} images is done; it takes about {duration(left)} more."))
        for name, method in bench.methods.items():
            numbers[name].append(measure(bench.subject, case, method.compute))
            next(bench.told)
    return numbers


def _correlate(bench: _Bench, randomised: Subject, *, numbers: _Numbers, places: Sequence[int]) -> None:
    """Add how much the maps of some images are like those of a network with replaced weights."""
    for place in places:
        for name, method in bench.methods.items():
            own = numbers[name][place]
            same = correlate(randomised, bench.cases[place], compute=method.compute, heat=own.heat)
            numbers[name][place] = replace(own, correlations=(*own.correlations, same))
            next(bench.told)


def _judged(run: Path, numbers: _Numbers, *, random: Sequence[MapNumbers], seed: int) -> Assessment:
    scored = [score_method(name, each, random=random) for name, each in numbers.items()]
    gains = {name: [each.gain for each in some] for name, some in numbers.items()}
    by_gain = sorted(scored, key=lambda each: -float(np.mean(gains[each.name])))
    random_gains = [each.gain for each in random]
    recommended, reason = recommend(by_gain, gains, random=random_gains)
    plain = [each for each in by_gain if not EXPLANATIONS[each.name].needs_framework]
    beside = replace(score_method("random", random, random=random), marked=None)
    return Assessment(
        run,
        len(random),
        seed,
        tuple(by_gain),
        beside,
        recommended,
        reason,
        recommend(plain, gains, random=random_gains)[0],
    )
