"""``hubel COMMAND …``: commands are imported when they are called, so that help answers at once."""

from __future__ import annotations

import difflib
import errno
import importlib
import os
import shlex
import sys
import traceback
from importlib.metadata import version
from pathlib import Path

import click

from hubel.cli.mistakes import broken_name, check_values, check_words, said_better, what_json_is
from hubel.errors import HubelError, WrongRequest
from hubel.files import unusable

COMMANDS = {
    "audit": "Look at every file of a corpus; say what is wrong, train nothing.",
    "train": "Corpus in, classifier with an honest score out.",
    "evaluate": "Score a run on its test split, or a run or a model file on another corpus.",
    "robustness": "Change the test images more and more; say what that costs.",
    "reproduce": "Train a run again; say whether the result is the same, and if not, what differs.",
    "compare": "Train variants side by side; say which is better, or that the data cannot decide.",
    "predict": "Say what images show.",
    "verify": "Check that a classifier is undamaged and answers as it did when it was saved.",
    "export": "Write a classifier in the format of others, proven on test images.",
    "open": "Lay a network open in the browser: from the pixels to the answer, every number.",
    "studio": "Show runs, their pages and reports in the browser, from this machine alone.",
    "explain": "Show where in an image a classifier finds its evidence, and whether to believe it.",
    "trace": "Work out one value of a layer, from the image to the last digit.",
    "maps": "Show all feature maps of a layer for an image.",
    "filters": "Show the filters of a layer, or what they respond to.",
    "anatomy": "Show every layer in numbers: size, cost, and what it sees of the image.",
    "convolve": "Slide a kernel over a matrix, step by step.",
    "pool": "Subsample a matrix by max, average or sum, step by step.",
}
"""name → summary; its click command is `command` in the module of its name in `hubel.cli.commands`."""

SYNONYMS = {
    "check": "audit", "inspect": "audit", "fit": "train", "learn": "train", "finetune": "train", "test": "evaluate",
    "score": "evaluate", "eval": "evaluate", "classify": "predict", "infer": "predict", "name": "predict",
    "why": "explain", "heatmap": "explain", "saliency": "explain",
    "summary": "anatomy", "describe": "anatomy", "activations": "maps", "kernels": "filters",
    "repeat": "reproduce", "conv": "convolve", "ablate": "compare", "convert": "export",
    "deploy": "export", "perturb": "robustness", "corrupt": "robustness",
    "browse": "open", "page": "open", "view": "open", "ui": "studio",
}  # fmt: skip
"""What other programs call it → our command."""
TO_TYPE = {"help": "hubel --help, or hubel train --help", "version": "hubel --version"}
"""Words that are options here → what to type."""
REPORT_AT = "the project's issue tracker"


def find_command(name: str) -> click.Command:
    """The click command of that name; its module is imported here, and not before."""
    return importlib.import_module(f"hubel.cli.commands.{name}").command


class LazyGroup(click.Group):
    """A group that imports a command's module only when that command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order a user meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import it."""
        return find_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command; for a word that is none, the nearest, or what can be done with the path that it is."""
        word = args[0]
        if word in COMMANDS or word.startswith("-"):
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"No such command {word!r}. {_meant(word)}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Summaries from the table above; no command is imported for them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("hubel"), prog_name="hubel")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def hubel(debug: bool) -> None:  # noqa: FBT001  (read in `main`)
    """Image classifiers you can see through.

    \b
    hubel audit photos/                   what is wrong with these images?
    hubel train photos/ -o runs/photos    a folder of class folders in, a classifier out
    hubel predict runs/photos new.jpg     what does a new photograph show?
    """  # noqa: D301  (click's mark against re-wrapping)


def _meant(word: str) -> str:
    """What may have been meant by a word that is no command."""
    if word in TO_TYPE:
        return f"Type: {TO_TYPE[word]}"
    if word == "hubel":
        return "It was typed twice; once is enough."
    if os.path.exists(word) or word == "digits":  # noqa: PTH110  (never raises)
        quoted = shlex.quote(word)
        return f"A command comes first: hubel audit {quoted}, or hubel train {quoted}"
    near = difflib.get_close_matches(word.lower(), COMMANDS, n=1)
    name = SYNONYMS.get(word.lower()) or (near[0] if near else None)
    if name is not None:
        return f"Did you mean {name!r}?"
    return f"Commands: {', '.join(COMMANDS)}."


def _say_how_to_type(words: list[str]) -> None:
    """Where a name with spaces was typed without quotes, or a file behind ``--json``, how it is typed."""
    name = broken_name(words)
    if name is not None:
        click.echo(f"Quote names with spaces: {shlex.quote(name)}", err=True)
    said = what_json_is(words)
    if said:
        click.echo(said, err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; every way out has its exit code, and only a defect in Hubel shows a traceback."""
    words = sys.argv[1:] if arguments is None else arguments
    sys.exit(_exit_code(words, debug="--debug" in words))


def _exit_code(words: list[str], *, debug: bool) -> int:
    # --debug is taken anywhere on the line, also behind the command.
    words = [word for word in words if word != "--debug"]
    code = _run(words, debug=debug)
    if code in (2, 3, 4):
        _say_how_to_type(words)
    return code


def _command_of(words: list[str]) -> click.Command:
    """The command that was typed; the program itself where there is none."""
    name = next((word for word in words if word in COMMANDS), None)
    return hubel if name is None else find_command(name)


def _run(words: list[str], *, debug: bool) -> int:
    try:
        if any("\0" in word for word in words):
            raise WrongRequest("A word of the command holds a NUL character, which no path can contain. Leave it out.")
        check_words(words)
        check_values(words, _command_of(words))
        code = hubel.main(args=words, standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        said_better(error, words, command=_command_of(words)).show()
        return 2
    except HubelError as error:
        return _say(error, words, debug=debug)
    except (KeyboardInterrupt, click.Abort):
        click.echo("\nStopped.", err=True)
        return 130
    except OSError as error:
        about = _about_a_path(error, words)
        return _blame_output(error) if about is None else _say(about, words, debug=debug)
    except Exception as error:  # noqa: BLE001  (the outermost loop)
        return _report(error)
    return code if isinstance(code, int) else 0


def _about_a_path(error: OSError, words: list[str]) -> HubelError | None:
    """The sentence about a path that the user typed, or one below it; None where the error is about something else."""
    if not isinstance(error.filename, str | bytes):
        return None
    path = Path(os.path.abspath(os.fsdecode(error.filename)))  # noqa: PTH100  (follows no link, so it cannot fail)
    typed = (Path(os.path.abspath(part)) for word in words for part in (word, word.partition("=")[2]) if part)  # noqa: PTH100
    return unusable(path, error) if any(path.is_relative_to(each) for each in typed) else None


def _blame_output(error: OSError) -> int:
    """Whoever read our output has left, or the disk it goes to is full; anything else is a defect in Hubel."""
    left = isinstance(error, BrokenPipeError)
    if not left and (error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO) or error.filename is not None):
        return _report(error)
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if left:
        return 0
    click.echo(f"Error: Standard output cannot be written: {error.strerror}. Send it elsewhere.", err=True)
    return 3


def _report(error: Exception) -> int:
    """Show a defect in Hubel."""
    traceback.print_exception(error)
    what = f"hubel {version('hubel')} has a defect ({type(error).__name__})"
    click.echo(f"\n{what}. Please report it at {REPORT_AT}, with the lines above.", err=True)
    return 1


def _say(error: HubelError, words: list[str], *, debug: bool) -> int:
    from hubel.cli.wording import said

    if debug:
        traceback.print_exception(error)
    prefix = "" if error.exit_code == 130 else "Error: "
    click.echo(f"{prefix}{said(error, _command_of(words))}", err=True)
    return error.exit_code
