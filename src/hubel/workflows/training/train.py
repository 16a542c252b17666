"""Train: corpus → run folder."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hubel.backends.select import select_backend
from hubel.catalogue import Later, LoadedMeanwhile
from hubel.errors import StoppedByUser, TrainingDiverged
from hubel.errors.wording import Option, Remedy
from hubel.events import OnEvent, ignore
from hubel.pipeline.prepare import Prepared
from hubel.runs.out_folder import keep_out_of_the_corpus
from hubel.runs.request import TrainRequest, how_to_go_on
from hubel.runs.request_record import record_request
from hubel.runs.run_folder import RunFolder, locked
from hubel.training.checkpoints import Checkpoint
from hubel.training.interruption import Stop
from hubel.training.plan import FitPlan, Point
from hubel.training.recipe import recipes_from
from hubel.workflows.training.checkpointing import CheckpointWriter, SoFar, open_run
from hubel.workflows.training.choose import Choice
from hubel.workflows.training.intake import prepare_training
from hubel.workflows.training.plan_fit import describe_lateness, describe_plan, plan_fit
from hubel.workflows.training.resume_identity import check_images, origin_of, remember_images

if TYPE_CHECKING:
    from hubel.architectures.families.weight_files import MayDownload
    from hubel.workflows.training.fitting import Entrant, Fitted
    from hubel.workflows.training.network import Network
    from hubel.workflows.training.write_run import Run

FITTING = "hubel.workflows.training.fitting"
"""Loads the framework, which takes seconds: meanwhile the images are decoded."""
seed_everything = Later("hubel.backends.framework", "seed_everything")
entrant_of: Callable[..., Entrant] = Later("hubel.workflows.training.fitting", "Entrant")
listeners_of = Later("hubel.workflows.training.fitting", "Listeners")
run_fit: Callable[..., Fitted] = Later("hubel.workflows.training.fitting", "run_fit")
ready_network: Callable[..., Network] = Later("hubel.workflows.training.network", "ready_network")

find_start = Later("hubel.workflows.training.start_run", "find_start")
load_start = Later("hubel.workflows.training.warm_start", "load_start")
check_drawable: Callable[..., None] = Later("hubel.workflows.training.learning_curve", "check_drawable")
decided_before = Later("hubel.workflows.training.decision", "decided_before")
race: Callable[..., Entrant] = Later("hubel.workflows.training.race", "race")
best_of = Later("hubel.workflows.training.race", "best_of")
write_run: Callable[..., Run] = Later("hubel.workflows.training.write_run", "write_run")


def train_classifier(
    request: TrainRequest,
    *,
    started: float | None = None,
    stop: Stop | None = None,
    may_download: MayDownload | None = None,
    on_event: OnEvent = ignore,
) -> Run:
    """Train a classifier on a corpus and write its run folder; or go on with a training that was interrupted.

    Args:
        request: corpus, folder and wishes.
        started: monotonic seconds from which a time limit counts; now by default.
        stop: asks the training from outside to end after the step it is in.
        may_download: asked for ImageNet weights that this machine does not have; by default, whether the request
            names them.
        on_event: hears what goes on.

    Raises:
        HubelError: a subclass says what is wrong with the corpus, the request, the folder or the training.
    """
    begun = time.monotonic() if started is None else started
    select_backend()
    keep_out_of_the_corpus(request.out, request.location, reading=request.reading)
    folder = RunFolder(request.out)
    with locked(request.out):
        folder.tidy()
        folder.prepare(overwrite=request.overwrite, resume=request.resume)
        try:
            run = _train(request, folder, begun=begun, stop=stop, may_download=may_download, on_event=on_event)
        except StoppedByUser as error:
            raise StoppedByUser(error.text, " ", how_to_go_on(request)) from error
        except TrainingDiverged as error:  # the folder holds its checkpoints by now
            again = Remedy(
                "No classifier was saved; to train into this folder again, add ", Option("overwrite", value=True), "."
            )
            raise TrainingDiverged(error.text, again) from error
        if not run.fitted.interrupted and not run.curve_interrupted:
            folder.checkpoints.remove()
    return run


def _train(
    request: TrainRequest,
    folder: RunFolder,
    *,
    begun: float,
    stop: Stop | None,
    may_download: MayDownload | None,
    on_event: OnEvent,
) -> Run:
    found = folder.checkpoints.latest(on_event) if request.resume else None
    warm = None if request.from_run is None else load_start(find_start(request))
    recorded = record_request(request)
    tried, decided = ((), None) if found is None else decided_before(found.document, request)
    asked = request if decided is None else decided.applied(request)
    with LoadedMeanwhile(FITTING) as framework:
        prepared = prepare_training(
            asked, warm, may_download=may_download, on_listed=framework.start, on_event=on_event
        )
    seed_everything(request.seed)
    listeners = listeners_of(on_event, stop=stop or Stop())
    entrant = entrant_of(replace(prepared, chosen=replace(prepared.chosen, tried=tried, decided=decided)))
    if found is None and request.leaves_open:
        entrant = race(request, prepared, started=begun, listeners=listeners)
        seed_everything(request.seed)  # what is chosen is trained as if nothing else had been tried
    prepared = entrant.prepared
    so_far, keep = _open(request, folder, prepared=prepared, found=found, begun=begun, on_event=on_event)
    network = entrant.network or ready_network(request, prepared, warm=warm)
    plan = replace(_plan(request, prepared, network=network, started=so_far.started), point=entrant.point).after(found)
    _say(plan, prepared, network=network, on_event=on_event)
    fitted = run_fit(plan, network, prepared=prepared, listeners=replace(listeners, on_point=keep), known=entrant.known)
    if entrant.fallback is not None:
        prepared, fitted = best_of(entrant, fitted, on_event)
    return write_run(request, recorded, prepared=prepared, fitted=fitted, so_far=so_far, on_event=on_event)


def _open(
    request: TrainRequest,
    folder: RunFolder,
    *,
    prepared: Prepared[Choice],
    found: Checkpoint | None,
    begun: float,
    on_event: OnEvent,
) -> tuple[SoFar, CheckpointWriter]:
    """What is known of the run, and what writes its checkpoints; one that begins has its first written."""
    choice, decoded, splits, curve = prepared.chosen, prepared.decoded, prepared.splits, request.learning_curve
    if curve:
        check_drawable(decoded.corpus, splits, seed=request.seed, on_event=on_event)
    if found is not None:
        check_images(folder, decoded, request=request)
    origin = origin_of(
        request, choice, decoded=decoded, splits=splits, pretrained=choice.pretrained, from_weights=choice.begun_from
    )
    so_far = open_run(folder.checkpoints, origin, found=found, begun=begun, on_event=on_event)
    keep = CheckpointWriter(folder.checkpoints, origin, so_far=so_far, keep_end=curve, on_event=on_event)
    if found is None:
        keep(Point, "between")
        remember_images(folder, decoded)
    return so_far, keep


def _plan(request: TrainRequest, prepared: Prepared[Choice], *, network: Network, started: float) -> FitPlan:
    recipes, limit_s, costs = network.recipes, network.limit_s, network.costs
    plan = plan_fit(request, prepared.splits, recipes=recipes, limit_s=limit_s, costs=costs, started=started)
    return plan.as_planned(recipes_from(request.planned or {}))


def _say(plan: FitPlan, prepared: Prepared[Choice], *, network: Network, on_event: OnEvent) -> None:
    on_event(describe_plan(plan, prepared.chosen, splits=prepared.splits, parameters=network.model.count_params()))
    late = describe_lateness(plan)
    if late is not None:
        on_event(late)
