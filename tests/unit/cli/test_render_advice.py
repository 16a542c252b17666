"""Advice as it is printed."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from hubel.advice.remarks import Advice
from hubel.cli.show.advice import show_advice, wrapped
from hubel.corpus.audit.catalogue import CHECKS
from hubel.errors.wording import NOTHING, Command, Option
from hubel.shell import text_in_shell


def printed(*advice: Advice) -> str:
    out = Console(file=io.StringIO(), width=60, highlight=False, markup=False, soft_wrap=True)
    show_advice(out, advice)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def entry(number: int, command: Command = NOTHING) -> Advice:
    return Advice(f"rule-{number}", "note", f"Fault {number}.", f"It is {number}.", command)


def test_sentences_are_wrapped_and_commands_are_not():
    command = Command("train", ("photos/" * 12,), (Option("out", "run"),))
    long = Advice(
        "rule", "note", "This is a sentence of several words.", "Here is the number 0.123 that shows it.", command
    )
    assert printed(long) == (
        "Next\n"
        "  This is a sentence of several words. Here is the number\n"
        "  0.123 that shows it.\n"
        f"    hubel train {'photos/' * 12} -o run\n"
    )  # fmt: skip


def test_five_are_printed_the_worst_and_the_last():
    text = printed(*(entry(number) for number in range(9)))
    assert [line.strip() for line in text.splitlines()[1:]] == [f"Fault {n}. It is {n}." for n in (0, 1, 2, 3, 8)]


def test_a_command_is_printed_once():
    audit = Command("audit", ("x",))
    assert printed(entry(1, audit), entry(2, audit)).count("hubel audit x") == 1


def test_names_from_the_corpus_cannot_steer_the_terminal_nor_be_markup():
    text = printed(Advice("rule", "note", "Class [bold]x[/bold] \x1b[31m.", "A\nB.", Command("audit", ("\x1b[2J",))))
    assert "\x1b" not in text
    assert "[bold]x[/bold]" in text
    assert "A\\nB." in text


@pytest.mark.parametrize("name", CHECKS)
def test_the_cure_of_a_finding_fits_the_terminal_and_breaks_no_word(name: str):
    cure = f"Cure: {text_in_shell(CHECKS[name].cure)}"
    lines = wrapped(cure, Console(width=60, file=io.StringIO()))
    assert max(len(line) for line in lines) <= 60
    assert " ".join(line.strip() for line in lines) == cure
