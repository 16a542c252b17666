"""Explained images, and the methods there are, as lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import numpy as np

from hubel.text import one_line

if TYPE_CHECKING:
    from hubel.workflows.explaining.explain_files import ExplainedFile
    from hubel.workflows.explaining.explained import ExplainedImage
    from hubel.workflows.explaining.nearest_images import NearestImages
    from hubel.workflows.explaining.recommended import Assessed


def show_explained(each: ExplainedFile) -> None:
    """The class, where the evidence lies, the scores, and what they mean."""
    if each.explained is None:
        click.echo(f"{one_line(each.path)}  refused: {'' if each.error is None else each.error.reason}")
        return
    from hubel.workflows.explaining.nearest_images import NearestImages

    explained = each.explained
    if isinstance(explained, NearestImages):
        _show_nearest(each, explained)
        return
    heat_map, score = explained.heat_map, explained.heat_map.score
    click.echo(f"{one_line(each.path)}: {one_line(explained.question)}")
    click.echo(f"  {heat_map.method}, {heat_map.seconds:.2f} s{_place(explained)}")
    for name, better in (("insertion", "higher"), ("deletion", "lower")):
        own, random, blob = (getattr(part, name) for part in (score.own, score.random, score.blob))
        click.echo(f"  {name:<9} {own:.2f}   a random map {random:.2f}, a centred blob {blob:.2f}   {better} is better")
    for sentence in explained.caption:
        click.echo(f"  {one_line(sentence)}")
    for path in filter(None, (each.drawing, each.values)):
        click.echo(f"  Wrote {one_line(str(path))}")


def _show_nearest(each: ExplainedFile, nearest: NearestImages) -> None:
    click.echo(f"{one_line(each.path)}: {one_line(nearest.question)}")
    for neighbour in nearest.neighbours:
        click.echo(f"  {neighbour.similarity:.3f}  {one_line(neighbour.class_name)}  {one_line(neighbour.path)}")
    for sentence in nearest.caption:
        click.echo(f"  {one_line(sentence)}")
    if each.drawing is not None:
        click.echo(f"  Wrote {one_line(str(each.drawing))}")


def _place(explained: ExplainedImage) -> str:
    """Where most of it is, unless the map is flat."""
    values = explained.heat_map.values
    if explained.heat_map.flat:
        return ""
    row, column = np.unravel_index(int(values.argmax()), values.shape)
    return f"; most evidence at row {row}, column {column} of {values.shape[0]} x {values.shape[1]} pixels"


def show_methods(assessed: Assessed | None, *, as_json: bool) -> None:
    """Every method: what it marks, what it needs, and whether it is to be believed on this classifier.

    Args:
        assessed: what is known of them; None without a classifier.
        as_json: as one document.
    """
    from hubel.explanation.catalogue import EXPLANATIONS, NEAREST, NEAREST_SUMMARY
    from hubel.workflows.explaining.recommended import NOT_ASSESSED

    of_no_run, assessed = assessed is None, assessed or NOT_ASSESSED

    if as_json:
        rows = [
            {
                "name": name, "summary": each.summary, "signed": each.signed, "framework": each.needs_framework,
                "usual": name == assessed.usual, "marked": assessed.marked.get(name),
            }
            for name, each in EXPLANATIONS.items()
        ]  # fmt: skip
        click.echo(json.dumps({"methods": rows, "recommended": assessed.recommended}))
        return
    width = max(map(len, EXPLANATIONS))
    for name, each in EXPLANATIONS.items():
        needs = "  (needs Keras)" if each.needs_framework else ""
        marked = f"  marked: {one_line(assessed.marked[name])}" if name in assessed.marked else ""
        usual = "*" if name == assessed.usual else " "
        click.echo(f"{usual} {name:<{width}}  {each.summary}{needs}{marked}")
    click.echo(f"  {NEAREST:<{width}}  {NEAREST_SUMMARY}")
    why = "the default; nothing was assessed on this run"
    if of_no_run:
        why = "the default, until hubel explain RUN --assess finds which one RUN deserves"
    elif assessed.recommended:
        why = "recommended for this classifier"
    click.echo(f"* {why}")
