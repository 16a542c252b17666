"""Numbers, times and names as people read and type them; values as Python shows them; commands as a shell takes them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubel.errors import WrongRequest
from hubel.errors.wording import Command, Option
from hubel.shell import command_words, flag_of, in_shell, option_words
from hubel.text import (
    MOST_LETTERS,
    MOST_LINES,
    brief,
    chance,
    elided,
    few_names,
    first_line,
    have,
    name_counts,
    none_of,
    one_line,
    p_text,
    parse_duration,
    points,
    shortened,
    with_interval,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("90", 90), ("5m", 300), ("1.5h", 5400), (" 2 H ", 7200), ("0.5m", 30), ("0s", 0), ("٥m", 300)],
)
def test_a_time_is_a_number_with_its_unit(text: str, seconds: float):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "m", "5 minutes", "-5m", "1e3s", "5m30s", "5d", ".5h"])
def test_what_is_no_time_says_what_is(text: str):
    with pytest.raises(WrongRequest, match="A time is a number with s, m or h: 90s, 5m, 2h. Received: "):
        parse_duration(text)


@settings(deadline=None)
@given(st.integers(0, 10**6), st.sampled_from([("s", 1), ("m", 60), ("h", 3600), ("", 1)]))
def test_every_whole_number_with_a_unit_is_a_time(number: int, unit: tuple[str, int]):
    assert parse_duration(f"{number}{unit[0]}") == number * unit[1]


@pytest.mark.parametrize(
    ("share", "said"),
    [(0.0, "below 1 %"), (0.004, "below 1 %"), (0.006, "1 %"), (0.5, "50 %"), (0.994, "99 %"), (0.996, "above 99 %"), (1.0, "above 99 %")],
)  # fmt: skip
def test_no_chance_reads_as_certain(share: float, said: str):
    assert chance(share) == said


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "p < 0.0001"), (0.00009, "p < 0.0001"), (0.0001, "p = 0.0001"), (0.00996, "p = 0.0100"), (0.01, "p = 0.010"), (1.0, "p = 1.000")],
)  # fmt: skip
def test_a_small_p_has_more_digits(value: float, said: str):
    assert p_text(value) == said


def test_points_have_their_sign():
    assert [points(value) for value in (0.1234, -0.05, 0.0)] == ["+12.3", "-5.0", "+0.0"]


def test_one_has_and_two_have():
    assert [have(number) for number in (0, 1, 2)] == ["have", "has", "have"]
    assert [none_of(number) for number in (1, 1200)] == ["Not even the one image", "None of the 1,200 images"]


def test_an_error_without_words_is_called_by_its_name():
    assert first_line(ValueError("one\ntwo")) == "one"
    assert first_line(KeyError()) == "KeyError"


@settings(deadline=None)
@given(st.text())
def test_what_is_shown_is_one_line_that_no_terminal_obeys(text: str):
    shown = one_line(text)
    assert shown.isprintable()
    assert len(shown) >= len(text)
    assert one_line(shown) == shown


def test_what_can_be_printed_stays_and_what_cannot_is_spelled_out():
    assert one_line("Käse 猫") == "Käse 猫"
    assert one_line("a\x1b[31m\n\u202eb\udce9") == "a\\x1b[31m\\n\\u202eb\\udce9"


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(1, 60))
def test_a_shortened_text_is_never_too_long(text: str, most: int):
    assert len(shortened(text, most)) <= most


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(3, 60))
def test_an_elided_text_keeps_its_ends(text: str, most: int):
    line, shown = one_line(text), elided(text, most)
    assert len(shown) <= most
    if len(line) > most:
        begin, _, end = shown.rpartition("…") if shown.count("…") == 1 else (line[:1], "", line[-1:])
        assert line.startswith(begin)
        assert line.endswith(end)
    else:
        assert shown == line


def test_of_many_names_the_first_are_shown():
    assert few_names("abc") == "a, b, c"
    assert few_names(map(str, range(9)), most=2) == "0, 1, and 7 more"
    assert name_counts({"cat": 1200, "dog": 3}) == "cat: 1,200, dog: 3"
    assert with_interval(0.9, (0.8, 0.95)) == "0.900 (0.800 to 0.950)"


@brief
@dataclass(frozen=True)
class Held:
    """Of every kind of value."""

    name: str
    path: Path
    number: float
    size: tuple[int, int]
    pixels: np.ndarray
    many: list[int]
    nothing: None = None


def test_a_value_is_shown_by_its_fields_and_large_ones_by_their_size():
    value = Held("x" * 100, Path("a/b"), 1.5, (2, 3), np.zeros((4, 5), np.uint8), list(range(1000)))
    text = repr(value)
    assert text.startswith("Held(name='xxx")
    assert "…" in text
    assert "path='a/b', number=1.5, size=(2, 3), pixels=uint8 [4, 5], many=<list of 1,000>, nothing=None)" in text


@brief
@dataclass(frozen=True)
class Talkative:
    """Says more than anybody reads."""

    lines: int

    def _brief(self) -> list[str]:
        return ["word " * 100] * self.lines


def test_a_value_that_says_too_much_is_cut():
    text = repr(Talkative(50))
    assert len(text) <= MOST_LETTERS
    assert text.count("\n") < MOST_LINES
    assert len(repr(Talkative(1))) < 200


@pytest.mark.parametrize(
    ("name", "flag"), [("learning_rate", "--learning-rate"), ("epochs", "--epochs"), ("out", "-o"), ("from_run", "--from")]
)  # fmt: skip
def test_an_option_is_called_by_one_rule(name: str, flag: str):
    assert flag_of(name) == flag


def test_numbers_are_typed_with_every_digit_that_counts():
    assert option_words(Option("learning_rate", 90.0)) == ("--learning-rate", "90")
    assert option_words(Option("learning_rate", 1 / 3)) == ("--learning-rate", repr(1 / 3))
    assert option_words(Option("seed", 2147483647)) == ("--seed", "2147483647")


def test_arguments_that_look_like_options_stand_behind_two_dashes():
    command = Command("predict", ("run", "-odd.jpg"), (Option("top", 3),))
    assert in_shell(command) == "hubel predict --top 3 -- run -odd.jpg"
    assert in_shell(Command("predict", ("run", "-"))) == "hubel predict run -"


def test_placeholders_are_not_quoted_and_names_with_spaces_are():
    assert in_shell(Command("train", ("CORPUS",), (Option("out", "my run"),))) == "hubel train CORPUS -o 'my run'"
    assert in_shell(Command("train", ("...",))) == "hubel train ..."


@settings(deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), max_size=4))
def test_a_shell_reads_back_every_name(names: list[str]):
    command = Command("predict", ("run", *names), (Option("out", "a b"),))
    assert tuple(shlex.split(in_shell(command))) == command_words(command)
