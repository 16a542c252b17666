"""Saves a classifier with its compiled graph, as a training does at its end."""

from __future__ import annotations

from pathlib import Path

from hubel.classifier.classifier import Classifier
from hubel.engines.held_out import HeldOut
from hubel.engines.keras_artefact import compiled_if_alike, save_classifier
from hubel.events import OnEvent, ignore


def save_with_graph(
    classifier: Classifier, folder: Path, *, held_out: HeldOut | None, on_event: OnEvent = ignore
) -> None:
    """Save it; without a graph where that does not answer alike.

    Args:
        classifier: to be saved.
        folder: created.
        held_out: images on which the graph must answer like it; None for no graph.
        on_event: hears why there is none.
    """
    compiled = None if held_out is None else compiled_if_alike(classifier, held_out=held_out, on_event=on_event)
    save_classifier(classifier, folder, made_by="a test", graph=None if compiled is None else compiled.graph)
