"""What a time becomes: the default plan against single networks that are given the whole of it.

    python benchmarks/bench_plan.py CORPUS [CORPUS ...] --limit 5m [--limit 60s] [--seeds 3] [--only default ...]

Each run is ``hubel train`` in a process of its own, so its seconds begin with Enter. ``signs`` is the corpus of
`made_signs.py`; any other CORPUS is what ``hubel train`` takes. Run it on a quiet machine, with pretrained weights
where KERAS_HOME says. Rows are added to the CSV file of ``--out`` as they come. With ``--keep FOLDER`` the run folders
stay; ``hubel evaluate RUN --against OTHER`` compares two of them image by image. Each run decodes the images anew, as
the first training of a user does; with ``--warm`` only the first of them does.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from made_signs import make_signs

from hubel.text import parse_duration

PLANS = {
    "default": (),
    "scratch": ("--weights", "none"),
    "head": ("--architecture", "mobilenet"),
    "mobilenet": ("--architecture", "mobilenet"),
    "residual": ("--architecture", "residual"),
    "residual-1.5": ("--architecture", "residual", "--alpha", "1.5"),
    "residual-2": ("--architecture", "residual", "--alpha", "2"),
    "small-cnn": ("--architecture", "small-cnn"),
}
"""Name → what is added to the command; a head alone is what is trained without a time limit."""
REFUSED = 4
"""Exit status of a training that refused some files."""
COLUMNS = (
    "corpus",
    "limit_s",
    "plan",
    "seed",
    "accuracy",
    "macro_f1",
    "validation_accuracy",
    "wall_s",
    "trained",
    "tried",
)


def run(corpus: str, limit: str, plan: str, seed: int, *, warm: bool, keep: Path | None) -> dict[str, object]:
    """Train once; what came out.

    Args:
        corpus: a location.
        limit: as it is typed.
        plan: a name in `PLANS`.
        seed: of the run.
        warm: with the cache of decoded images that the run before it left.
        keep: a folder for the run folders; None to delete them.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = (keep or Path(folder)) / f"{Path(corpus).name}-{limit}-{plan}-{seed}"
        timed = [] if plan == "head" else ["--time-limit", limit]
        words = ["train", corpus, "-o", str(out), *timed, "--seed", str(seed), *PLANS[plan]]
        environment = {**os.environ, **({} if warm else {"HUBEL_CACHE": str(Path(folder) / "cache")})}
        begun = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-m", "hubel", *words], capture_output=True, text=True, check=False, env=environment
        )
        wall_s = time.monotonic() - begun
        if done.returncode not in (0, REFUSED):
            sys.exit(done.stderr)
        metrics, document = (json.loads((out / name).read_text()) for name in ("metrics.json", "run.json"))
    test, names = metrics["test"], [each["architecture"] for each in document["tried"]]
    alpha = (document["decided"] or {}).get("alpha")
    trained = document["architecture"]["name"] + (f" x {alpha:g}" if alpha else "")
    return {
        "corpus": Path(corpus).name, "limit_s": parse_duration(limit), "plan": plan, "seed": seed,
        "accuracy": round(test["accuracy"], 4), "macro_f1": round(test["macro_f1"], 4),
        "validation_accuracy": round(metrics["validation"]["accuracy"], 4), "wall_s": round(wall_s, 1),
        "trained": f"{trained}: {'+'.join(document['recipe'])}", "tried": " ".join(names),
    }  # fmt: skip


def rows(words: argparse.Namespace) -> Iterator[dict[str, object]]:
    """One for each run; plans take turns, so that all of them meet the machine in the same moods."""
    for seed in range(words.seeds):
        for corpus in words.corpora:
            for limit in words.limit:
                for plan in words.only or PLANS:
                    yield run(corpus, limit, plan, seed, warm=words.warm, keep=words.keep)


def main() -> None:
    """Run, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+")
    parser.add_argument("--limit", action="append", required=True)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=PLANS)
    parser.add_argument("--warm", action="store_true")
    parser.add_argument("--keep", type=Path, help="for the run folders, so that they can be compared")
    parser.add_argument("--out", type=Path)
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if "signs" in words.corpora:
            make_signs(Path(folder) / "signs")
            words.corpora = [f"{folder}/signs" if each == "signs" else each for each in words.corpora]
        new = words.out is not None and not words.out.exists()
        for row in rows(words):
            print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)
            if words.out is not None:
                with words.out.open("a", newline="") as file:
                    writer = csv.DictWriter(file, COLUMNS)
                    if new:
                        writer.writeheader()
                    writer.writerow(row)
                new = False


if __name__ == "__main__":
    main()
