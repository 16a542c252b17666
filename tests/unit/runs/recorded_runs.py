"""Run folders written by hand, for a corpus that lies on disk."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from hubel.files import write_csv
from hubel.runs.machine import describe_machine

REQUEST: dict[str, Any] = {
    "architecture": {"name": "small-cnn"}, "weights": None, "corrections": None, "alpha": None, "image_size": 16,
    "resize": None, "epochs": 2, "time_limit_s": None, "batch_size": None, "learning_rate": None, "mirror": None,
    "seed": 0, "learning_curve": False,
}  # fmt: skip
METRICS = {"format": 1, "test": {"accuracy": 0.75, "log_loss": 0.5}, "time": {"total_s": 3.0}, "advice": []}
ROWS = [
    ("a/0.png", "test", "a", 0.8, 0.2),
    ("a/1.png", "test", "b", 0.4, 0.6),
    ("b/0.png", "validation", "b", 0.1, 0.9),
]
"""(path, split, predicted, probability of a, of b)"""


def write_corpus(folder: Path) -> Path:
    """Two classes of three files each; that they are no images is only seen when they are decoded."""
    for name in "ab":
        (folder / name).mkdir(parents=True)
        for number in range(3):
            (folder / name / f"{number}.png").write_bytes(f"{name}{number}".encode())
    return folder


def write_run(run: Path, corpus: Path, **changes: Any) -> Path:
    """A run on a corpus as it lies there now.

    Args:
        run: its folder.
        corpus: of class folders.
        changes: of ``run.json``.
    """
    files = sorted(path for path in corpus.rglob("*") if path.is_file())
    paths = [file.relative_to(corpus).as_posix() for file in files]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    (run / "classifier").mkdir(parents=True)
    write_csv(run / "fingerprints.csv", ("path", "sha256"), rows=zip(paths, digests, strict=True))
    placed = [(path, path.split("/")[0], "train", "") for path in paths]
    write_csv(run / "split.csv", ("path", "label", "split", "group"), rows=placed)
    write_csv(run / "intake.csv", ("path", "status", "code", "reason"), rows=[(path, "read", "", "") for path in paths])
    write_results(run)
    document = {
        "format": 1, "status": "done", "command": ["hubel", "train", "photos", "-o", "runs/old", "--epochs", "2"],
        "corpus": {"location": str(corpus)}, "architecture": {"name": "small-cnn"}, "weights": "none",
        "preprocessing": {"height": 16}, "recipe": {"train": {"epochs": 2}}, "time_limit_s": None,
        "clock_decided": [{"steps": 4}], **describe_machine(), "request": REQUEST,
    }  # fmt: skip
    (run / "run.json").write_text(json.dumps({**document, **changes}))
    return run


def write_results(
    run: Path, *, weights: bytes = b"weights", rows: list[tuple[str, str, str, float, float]] = ROWS, **metrics: Any
) -> Path:
    """Weights, predictions and scores of a run."""
    (run / "classifier").mkdir(parents=True, exist_ok=True)
    (run / "classifier/weights.safetensors").write_bytes(weights)
    manifest = {"weights": {"sha256": hashlib.sha256(weights).hexdigest()}}
    (run / "classifier/manifest.json").write_text(json.dumps(manifest))
    header = ("path", "split", "label", "predicted", "probability", "abstained", "a", "b")
    written = [(path, split, path[0], named, max(a, b), "false", a, b) for path, split, named, a, b in rows]
    write_csv(run / "predictions.csv", header, rows=written)
    (run / "metrics.json").write_text(json.dumps({**METRICS, **metrics}))
    return run
