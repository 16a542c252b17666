"""The pages of the course: their commands exist, and what needs no training prints what the pages say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from docs.course_pages import (
    COURSE,
    IMAGES,
    WIDTH,
    blocks,
    filled,
    prepare,
    prints_without_training,
    python_of_a_page,
)

from hubel.cli.main import COMMANDS, hubel, main

PAGES = sorted(COURSE.glob("[0-9m]*.md"))
"""The numbered ones, and the measured claims."""
CONCEPTS, FURTHER = 15, 6
"""Pages with a station in the page of a classifier; pages behind them."""


def test_there_is_a_page_for_each_of_the_concepts_and_the_index_names_it():
    index = (COURSE / "README.md").read_text()
    assert [page.name[:2] for page in PAGES] == [*(f"{number:02}" for number in range(1, CONCEPTS + FURTHER + 1)), "me"]
    assert re.findall(r"\(([\dm][^)/]+\.md)\)", index) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_a_page_can_be_typed_and_its_images_are_there(page: Path):
    text = page.read_text()
    for _, command, output in blocks(text):
        words = shlex.split(command)
        assert words[0] == "hubel"
        assert words[1] in COMMANDS
        top = click.Context(hubel, **hubel.context_settings)
        entry = hubel.get_command(top, words[1])
        assert entry is not None
        entry.make_parser(click.Context(entry, parent=top)).parse_args(words[2:])
        assert output.strip(), f"{page.name}: {command}: run docs/course_pages.py"
    for name in re.findall(r"\(images/([^)]+)\)", text):
        assert (IMAGES / name).stat().st_size > 0


@pytest.mark.parametrize("page", [page for page in PAGES if prints_without_training(page.read_text())],
                         ids=lambda page: page.stem)  # fmt: skip
def test_what_needs_no_training_prints_what_the_page_says(page: Path, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(WIDTH))
    text = page.read_text()
    prepare(tmp_path, text)

    def run(command: str) -> str:
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(shlex.split(command)[1:])
        printed = capsys.readouterr()
        return printed.out or printed.err

    assert filled(text, run, python_of_a_page(), kinds=("",)) == text


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_page_asks_a_question_and_folds_its_answer_away(page: Path):
    text = page.read_text()
    assert text.count("**Predict, then run.**") == text.count("<summary>Answer</summary>") >= 1
    assert text.count("<details>") == text.count("</details>") == text.count("<summary>Answer</summary>")


@pytest.mark.parametrize("page", PAGES[:CONCEPTS], ids=lambda page: page.stem)
def test_the_page_of_a_concept_names_its_station(page: Path):
    assert f"`classifier.html#course/{int(page.name[:2])}`" in page.read_text()
