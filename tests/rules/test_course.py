"""The pages of the course: their commands exist, and what needs no training prints what the pages say."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest
from docs.course_pages import COURSE, IMAGES, WIDTH, blocks, filled, prepare

from hubel.cli.main import COMMANDS, hubel, main

PAGES = sorted(COURSE.glob("[0-9m]*.md"))
"""The sixteen, and the measured claims."""


def test_there_is_a_page_for_each_of_the_concepts_and_the_index_names_it():
    index = (COURSE / "README.md").read_text()
    assert [page.name[:2] for page in PAGES] == [*(f"{number:02}" for number in range(1, 17)), "me"]
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


@pytest.mark.parametrize("page", [page for page in PAGES if any(not kind for kind, _, _ in blocks(page.read_text()))],
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

    assert filled(text, run, kinds=("",)) == text
