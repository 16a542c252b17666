"""Folders in folders, as many as a file system takes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from hubel.corpus.formats.catalogue import read_corpus

DEEP = 1_000
"""More than Python nests calls, less than a path may be long."""


@pytest.mark.skipif(os.name != "posix", reason="such a path is too long there")
def test_a_thousand_folders_in_folders_are_one_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos/cat").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "photos/cat/1.png")
    folder = tmp_path / "photos/dog"
    folder.mkdir()
    os.chdir(folder)
    for _ in range(DEEP):
        Path("d").mkdir()
        os.chdir("d")
    Image.new("RGB", (8, 8)).save("2.png")
    os.chdir(tmp_path)
    try:
        corpus = read_corpus("photos")
    finally:
        subprocess.run(["rm", "-rf", str(folder)], check=True)  # shutil.rmtree nests calls
    assert corpus.class_counts == {"cat": 1, "dog": 1}
    assert corpus.examples[1].path == "dog/" + "d/" * DEEP + "2.png"
