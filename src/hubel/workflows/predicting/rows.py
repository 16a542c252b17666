"""One answer as a row: JSON, and the cells of a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from hubel.classifier.prediction import Prediction
from hubel.workflows.predicting.answers import InputAnswer

ERROR_COLUMNS = ("error_code", "error")
"""Of a file, behind those of `Shown`."""


@dataclass(frozen=True)
class Shown:
    """What is written of each answer.

    Args:
        top: classes of the table and the CSV, at most all.
        with_sets: also the prediction set.
    """

    top: int
    with_sets: bool

    @property
    def columns(self) -> tuple[str, ...]:
        """Of a table, up to those that say why there is no answer."""
        ranks = [name for place in range(1, self.top + 1) for name in (f"class_{place}", f"probability_{place}")]
        return (
            "path", "predicted", "probability", "abstained",
            *(ranks if self.top > 1 else []),
            *(["prediction_set"] if self.with_sets else []),
            "off_corpus_score", "off_corpus",
        )  # fmt: skip


def made(answer: InputAnswer) -> Prediction:
    """The prediction of an answer without an error."""
    return cast("Prediction", answer.prediction)


def record_of(answer: InputAnswer) -> dict[str, Any]:
    """Plain data, as JSON lines have it."""
    if answer.error is not None:
        return {"path": answer.path, "error": {"code": answer.error.code, "message": answer.error.reason}}
    prediction = made(answer)
    record: dict[str, Any] = {
        "path": answer.path,
        "class_name": prediction.class_name,
        "probability": prediction.probability,
        "abstained": prediction.abstained,
        "probabilities": prediction.probabilities,
    }
    if prediction.prediction_set is not None:
        record["prediction_set"] = list(prediction.prediction_set)
    if prediction.off_corpus_score is not None:
        record |= {"off_corpus_score": prediction.off_corpus_score, "off_corpus": prediction.off_corpus}
    return record


def cells_of(record: dict[str, Any], shown: Shown) -> list[Any]:
    """What stands in the columns of `Shown`, then the code and the reason of an error; None where there is nothing.

    Args:
        record: of `record_of`.
        shown: which columns there are.
    """
    if "error" in record:
        nothing = [None] * (len(shown.columns) - 1)
        return [record["path"], *nothing, record["error"]["code"], record["error"]["message"]]
    cells = [record[name] for name in ("path", "class_name", "probability", "abstained")]
    if shown.top > 1:
        ranked = sorted(record["probabilities"].items(), key=lambda item: -item[1])[: shown.top]
        cells += [cell for pair in ranked for cell in pair]
    if shown.with_sets:
        cells.append(record.get("prediction_set"))
    return [*cells, record.get("off_corpus_score"), record.get("off_corpus"), None, None]


def csv_cells(record: dict[str, Any], shown: Shown) -> list[object]:
    """`cells_of`, as a CSV has them.

    Args:
        record: of `record_of`.
        shown: which columns there are.
    """
    return [_as_text(cell) for cell in cells_of(record, shown)]


def _as_text(cell: object) -> object:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return " | ".join(map(str, cell)) if isinstance(cell, list) else cell
