"""Where the home folder cannot be written, as in many containers, audit, train and predict do their work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(170)

CHILD = """
import shlex, sys
from hubel.cli.main import main
for words in sys.stdin:
    try:
        main(shlex.split(words))
    except SystemExit as left:
        print(words.strip(), "->", left.code or 0)
"""
COMMANDS = (
    "audit colours -o audit --suspect-labels --weights none --time-limit 10s",
    "train colours -o run --epochs 1 --architecture small-cnn",
    "predict run colours/red/00.png",
)


@pytest.mark.parametrize("home", ["nowhere/below", "a file"], ids=["below a file", "a file"])
def test_audit_train_and_predict_work(colours: Path, home: str):
    folder = colours.parent
    (folder / "a file").write_text("not a folder")
    (folder / "nowhere").write_text("not a folder")
    given = {name: value for name, value in os.environ.items() if not name.startswith(("HUBEL_", "KERAS_", "XDG_"))}
    given |= {"HOME": str(folder / home)}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], input="\n".join(COMMANDS), cwd=folder, env=given, capture_output=True, text=True,
        timeout=160, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert [line for line in done.stdout.splitlines() if " -> " in line] == [f"{words} -> 0" for words in COMMANDS], (
        done.stderr
    )
    assert (folder / "audit/audit.html").is_file()
    assert "red" in done.stdout
