"""A comparison → compare.json, compare.csv, compare.md and compare.svg in a folder."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from hubel.corpus.corpus import Corpus
from hubel.drawing.bar_table import Column, draw_table
from hubel.drawing.shapes import Drawing
from hubel.drawing.svg import render_svg
from hubel.errors.wording import Option, Text
from hubel.events import OnEvent, ignore
from hubel.files import write_bytes, write_csv, write_json
from hubel.runs.machine import describe_machine
from hubel.runs.out_folder import keep_out_of_the_images, prepare_folder
from hubel.shell import text_in_shell
from hubel.text import counted, one_line, p_text, points
from hubel.workflows.comparing.compare import MOST_MOVED, MOST_TRAIN_SCORED, compare_variants
from hubel.workflows.comparing.comparison import CompareRequest, Comparison, Pair
from hubel.workflows.comparing.variant_result import LEAST_EPOCHS, SETTLED, VariantResult
from hubel.workflows.comparing.variants import VARIANTS
from hubel.workflows.comparing.verdicts import MARGIN, NOT_SHOWN

FORMAT = 1
DOCUMENT, TABLE, PAGE, CHART = FILES = ("compare.json", "compare.csv", "compare.md", "compare.svg")
HEADER = ("variant", "accuracy (95 %)", "parameters", "MACs", "memory", "s/epoch", "gap", "shift")
TIMED_HEADER = (*HEADER, "epochs")
UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def compare_into(
    out: Path | None, request: CompareRequest, *, overwrite: bool = False, started: float | None = None,
    on_event: OnEvent = ignore,
) -> Comparison:  # fmt: skip
    """Compare, and write what became of it into a folder, if one is given; the folder is made before time is spent.

    Args:
        out: the folder; None to write nothing.
        request: what is compared.
        overwrite: a comparison may be there already.
        started: as of `compare_variants`.
        on_event: hears what goes on.

    Raises:
        HubelError: the folder cannot be used, or as of `compare_variants`.
    """
    if out is not None:
        location = request.corpus.location if isinstance(request.corpus, Corpus) else str(request.corpus)
        prepare_folder(out, location, names=FILES, reading=request.reading, what="a comparison", overwrite=overwrite)
    comparison = compare_variants(request, started=started, on_event=on_event)
    if out is not None:
        write_comparison(comparison, out)
    return comparison


def write_comparison(comparison: Comparison, out: Path) -> None:
    """Write the document, the table as CSV, everything as Markdown, and a drawing; other files in the folder stay.

    Args:
        comparison: what is written.
        out: the folder.
    """
    keep_out_of_the_images(out, comparison.corpus)
    rows = [row.to_json() for row in comparison.rows]
    header = [name for name in rows[0] if name != "accuracy_interval"]
    cells = ([row[name] for name in header] + list(row["accuracy_interval"] or ("", "")) for row in rows)
    write_csv(out / TABLE, (*header, "accuracy_low", "accuracy_high"), rows=cells)
    write_bytes(out / PAGE, render_markdown(comparison).encode("utf-8", "backslashreplace"))
    if comparison.rows:
        write_bytes(out / CHART, render_svg(draw(comparison)))
    write_json(out / DOCUMENT, to_json(comparison))


def draw(comparison: Comparison) -> Drawing:
    """The rows as points with intervals and bars."""
    rows = comparison.rows
    texts = list(zip(*map(_cells, rows), strict=True))
    columns = [
        Column(
            "accuracy on test, 95 % interval",
            [row.accuracy for row in rows],
            [text.partition(" ")[0] for text in texts[1]],
            [row.interval for row in rows],
        ),
        Column("parameters", [row.parameters for row in rows], texts[2]),
        Column("memory of a training step", [row.memory_bytes for row in rows], texts[4]),
        Column("train-test gap, points", [row.gap for row in rows], texts[6]),
        Column("keeps its class when moved", [row.shift_consistency for row in rows], texts[7]),
    ]
    corpus = one_line(Path(comparison.corpus.location).name)
    return draw_table(
        f"Compared on {corpus}", conditions(comparison), names=[row.name for row in rows], columns=columns
    )


def to_json(comparison: Comparison) -> dict[str, Any]:
    """Plain data: the conditions, a row for each variant, the pairs and the claims."""
    splits = comparison.splits
    return {
        "format": FORMAT,
        "made_by": f"hubel {version('hubel')}",
        "corpus": comparison.corpus.location,
        "classes": list(comparison.corpus.class_names),
        "seed": comparison.request.seed,
        "budget": comparison.budget,
        "image_size": [*comparison.image_size, 3],
        "moved_px": comparison.moved_px,
        "examples": {name: len(splits.of(name)) for name in ("train", "validation", "test")},
        "interrupted": comparison.interrupted,
        "variants": [row.to_json() for row in comparison.rows],
        "pairs": [{"first": pair.first, "second": pair.second, **pair.test.to_json()} for pair in comparison.pairs],
        "claims": [claim.to_json() for claim in comparison.claims],
        "machine": describe_machine(),
    }


def table(comparison: Comparison) -> list[tuple[str, ...]]:
    """The header, then a row of text for each variant; with the epochs where the clock decided on them."""
    if comparison.request.time_limit_s is None:
        return [HEADER, *(_cells(row) for row in comparison.rows)]
    return [TIMED_HEADER, *((*_cells(row), _number(row.epochs, "{:.1f}")) for row in comparison.rows)]


def _cells(row: VariantResult) -> tuple[str, ...]:
    """In the order of `HEADER`; what is not known is ``-``."""
    interval = "" if row.interval is None else " ({:.3f}-{:.3f})".format(*row.interval)
    return (
        row.name,
        "diverged" if row.diverged else _number(row.accuracy, "{:.3f}") + interval,
        f"{row.parameters:,}",
        short(row.macs).strip(),
        f"{short(row.memory_bytes)}B",
        _number(row.epoch_s, "{:.2f}"),
        "-" if row.gap is None else points(row.gap),
        _number(row.shift_consistency, "{:.3f}"),
    )


def short(number: float) -> str:
    """A count with three digits and k, M or G."""
    for size, letter in UNITS:
        if number >= size:
            return f"{number / size:.3g} {letter}" if number < 999.5 * size else f"{number / size:.0f} {letter}"
    return f"{number:.0f} "


def describe_columns(comparison: Comparison) -> tuple[str, ...]:
    """What the table's columns are and how far they can be trusted, one sentence each."""
    splits = comparison.splits
    scored, moved = min(len(splits.train), MOST_TRAIN_SCORED), min(len(splits.test), MOST_MOVED)
    epoch = (
        "best epoch by validation log loss"
        if splits.validation
        else "last epoch, because there are no validation images"
    )
    shifted = counted(moved, "test image")
    pixels = "1 pixel" if comparison.moved_px == 1 else f"1 to {comparison.moved_px} pixels"
    return (
        f"accuracy: of {counted(len(splits.test), 'test image')}; {epoch}; Wilson interval.",
        "memory: of one training step, computed from shapes: outputs of all layers, weights, gradients, optimiser.",
        "s/epoch: median seconds of one pass over the training images, validation not counted.",
        f"gap: accuracy on {counted(scored, 'training image')} less that on the test images, in percentage points.",
        f"shift: share of {shifted} that keep their class when moved {pixels} up, down, left and right.",
    )


def describe_not_shown(comparison: Comparison) -> Text:
    """What "not shown here" means, or that pairs were trained too little, and what to do; empty where neither is."""
    not_shown = any(claim.verdict == NOT_SHOWN for claim in comparison.claims)
    paired = {name for pair in comparison.pairs for name in (pair.first, pair.second)}
    short = [row.name for row in comparison.rows if row.unsettled and row.name in paired]
    if not not_shown and not short:
        return Text()
    epochs = max([2 * LEAST_EPOCHS, *(2 * int(row.epochs or 0) for row in comparison.rows)])
    longer = Text(Option("epochs", epochs))
    if comparison.request.time_limit_s is not None:
        longer = Text("a longer ", Option("time_limit"))
    which = '"Not shown here"' if not_shown else f"Trained too little to show what they can learn: {', '.join(short)}"
    return Text(
        f"{which}: fewer than {LEAST_EPOCHS} epochs, or a validation log loss that still fell by {SETTLED:.0%} or more "
        "in the second half of the training. With longer training the result may change: try ",
        longer,
        ".",
    )


def describe_verdicts(comparison: Comparison) -> tuple[Text, ...]:
    """What the words of the verdicts mean, and what they do not cover."""
    loss = f'"No loss of accuracy": at most {100 * MARGIN:.0f} points, by the interval\'s lower end.'
    texts = (describe_not_shown(comparison), Text(loss if comparison.claims else ""), describe_test())
    return tuple(text for text in texts if text)


def describe_test() -> Text:
    """What the paired test covers and what it does not."""
    return Text(
        "The test: exact McNemar on the same test images, p adjusted (Holm) for the comparisons of one list; "
        "Newcombe intervals, each for one comparison. It covers the choice of test images, not the luck of one "
        "training: repeat with another ",
        Option("seed"),
        " before you rely on it.",
    )


def pair_text(pair: Pair) -> str:
    """One comparison of two architectures as a sentence."""
    test = pair.test
    low, high = test.interval
    numbers = f"difference {points(test.difference)} ({points(low)} to {points(high)}), {p_text(test.adjusted_p)}"
    if test.alike:
        return f"{pair.first} and {pair.second} answer alike, right on the same images: {numbers}"
    if test.verdict == "cannot tell":
        return f"{pair.first} or {pair.second}: cannot tell: {numbers}"
    return f"{pair.first} is {test.verdict} than {pair.second}: {numbers}"


def legend(comparison: Comparison) -> list[tuple[str, str]]:
    """(name, what it is) of the variants that belong to claims."""
    return [(row.name, VARIANTS[row.name].summary) for row in comparison.rows if row.name in VARIANTS]


def conditions(comparison: Comparison) -> str:
    """What was the same for all, in one line."""
    splits, (height, width) = comparison.splits, comparison.image_size
    counts = ", ".join(f"{len(splits.of(name)):,} {name}" for name in ("train", "validation", "test"))
    return (
        f"{one_line(comparison.corpus.location)}: {counts}; {height} x {width} pixels; {comparison.budget} each; "
        f"seed {comparison.request.seed}"
    )


def render_markdown(comparison: Comparison) -> str:
    """The comparison as a page of Markdown."""
    lines = ["# Comparison", "", conditions(comparison), ""]
    lines += _markdown_table(table(comparison))
    lines += ["", *(f"- {text}" for text in describe_columns(comparison))]
    if legend(comparison):
        lines += ["", *(f"- **{name}**: {text}" for name, text in legend(comparison))]
    if comparison.pairs:
        lines += ["", "## Pairs", "", *(f"- {pair_text(pair)}" for pair in comparison.pairs)]
    for claim in comparison.claims:
        lines += ["", f"## {claim.name}: {claim.headline}", "", f"> {claim.text}", ""]
        lines += [
            f"- {each.variant} against {each.reference}, {each.quantity}: **{each.verdict}**. {each.text}"
            for each in claim.findings
        ]
    for text in describe_verdicts(comparison):
        lines += ["", text_in_shell(text)]
    return "\n".join([*lines, ""])


def _markdown_table(rows: Sequence[Sequence[str]]) -> list[str]:
    header, *rest = rows
    rule = ["---", *("---:" for _ in header[1:])]
    return [f"| {' | '.join(row)} |" for row in (header, rule, *rest)]


def _number(value: float | None, text: str) -> str:
    return "-" if value is None else text.format(value)
