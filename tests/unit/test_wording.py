"""Sentences made of text, options and commands, at each door."""

import shlex

import click
import pytest

from hubel.cli.main import find_command
from hubel.cli.wording import said, worded
from hubel.errors import WrongRequest
from hubel.errors.wording import Command, Option, Remedy, Text, facts_of
from hubel.shell import in_shell

TEXT = Text("The list has no column 'x'. Name it: ", Option("label_column", "NAME"), ".")


def test_each_door_writes_an_option_in_its_own_way():
    assert str(TEXT) == "The list has no column 'x'. Name it: label_column=NAME."
    assert worded(TEXT, find_command("train")) == "The list has no column 'x'. Name it: --label-column NAME."


@pytest.mark.parametrize(
    ("option", "python", "shell"),
    [
        (Option("epochs"), "epochs", "--epochs"),
        (Option("epochs", 4), "epochs=4", "--epochs 4"),
        (Option("learning_rate", 0.05), "learning_rate=0.05", "--learning-rate 0.05"),
        (Option("resume", True), "resume=True", "--resume"),
        (Option("mirror", False), "mirror=False", "--no-mirror"),
        (Option("out", "my run"), "out='my run'", "-o 'my run'"),
        (Option("from_run", "RUN"), "from_run=RUN", "--from RUN"),
        (Option("architectures", ("dense", "lenet5")), "architectures=['dense', 'lenet5']", "--architectures dense,lenet5"),
    ],
)  # fmt: skip
def test_values_of_an_option(option: Option, python: str, shell: str):
    assert str(Text(option)) == python
    assert in_shell(option) == shell


def test_a_command_is_a_line_or_a_call():
    audit = Command("audit", ("my photos",), (Option("suspect_labels", True), Option("out", "a")))
    assert in_shell(audit) == "hubel audit 'my photos' --suspect-labels -o a"
    assert str(Text(audit)) == "hubel.audit_corpus('my photos', suspect_labels=True, out='a')"
    predict = Command("predict", ("RUN", "new.jpg"))
    assert in_shell(predict) == "hubel predict RUN new.jpg"
    assert str(Text(predict)) == "hubel.load(RUN).predict('new.jpg')"


def test_a_command_typed_as_written_is_read_back_by_its_own_options():
    train = Command(
        "train", ("a b",), (Option("from_run", "r'1"), Option("mirror", False), Option("bands", ("3", "2", "1")))
    )
    words = shlex.split(in_shell(train))
    parsed = find_command("train").make_context("train", words[2:]).params
    assert (parsed["corpus"], str(parsed["from_run"]), parsed["mirror"]) == ("a b", "r'1", False)
    assert parsed["bands"] == "3,2,1"


def test_a_remedy_is_left_out_where_its_option_is_missing():
    text = Text(
        "The loss is not a number.", Remedy("Take smaller steps: ", Option("learning_rate", 0.1), "."),
        Remedy("Or look at the images: ", Command("audit", ("CORPUS",)), "."),
    )  # fmt: skip
    assert worded(text, find_command("train")) == (
        "The loss is not a number. Take smaller steps: --learning-rate 0.1. Or look at the images: hubel audit CORPUS."
    )
    assert (
        worded(text, find_command("compare")) == "The loss is not a number. Or look at the images: hubel audit CORPUS."
    )
    assert len(text.remedies) == 2


def test_an_option_of_another_command_is_written_all_the_same_outside_of_a_remedy():
    assert worded(TEXT, find_command("pool")) == "The list has no column 'x'. Name it: --label-column NAME."
    with pytest.raises(LookupError, match="label_column"):
        TEXT.render(lambda _: None)


def test_an_error_has_its_text_and_reads_as_python_says_it():
    error = WrongRequest("Received both: ", Option("resume"), " and ", Option("overwrite"), ".")
    assert str(error) == "Received both: resume and overwrite."
    assert said(error, find_command("train")) == "Received both: --resume and --overwrite."


def test_the_running_command_is_found_where_none_is_given():
    @click.command()
    @click.option("--epochs")
    def run(epochs: str | None) -> None:
        click.echo(worded(Text(Option("epochs", 3), Remedy("Or ", Option("seed", 1)))))

    from click.testing import CliRunner

    assert CliRunner().invoke(run, []).output == "--epochs 3\n"


def test_texts_are_joined_without_losing_their_values():
    joined = "In run.json: " + TEXT + " Copy it again."
    assert isinstance(joined, Text)
    assert Option("label_column", "NAME") in joined.parts


def test_a_command_is_changed_by_name():
    train = Command("train", ("photos",), (Option("out", "a"), Option("epochs", 1)))
    assert train.with_(Option("epochs", 4), Option("seed", 2)) == Command(
        "train", ("photos",), (Option("out", "a"), Option("epochs", 4), Option("seed", 2))
    )
    assert train.without("out", "seed").options == (Option("epochs", 1),)
    assert (train.value_of("epochs"), train.value_of("seed")) == (1, None)
    assert bool(train)
    assert not Command("")


def test_the_facts_of_a_text_are_its_words_without_remedies():
    note = Text("The paths are read from column 'a'.", Remedy("To choose: ", Option("path_column", "NAME")))
    assert note.facts == facts_of(note) == "The paths are read from column 'a'."
    assert facts_of("The list is empty.") == "The list is empty."
    with pytest.raises(LookupError, match="label_column"):
        assert TEXT.facts
