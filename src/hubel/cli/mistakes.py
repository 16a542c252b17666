"""Command lines with a mistake in them → what to type instead. Loads nothing."""

from __future__ import annotations

import difflib
import itertools
import os
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from hubel.errors import WrongRequest

OPTION_SYNONYMS = {
    "--lr": "--learning-rate", "--rate": "--learning-rate", "--arch": "--architecture", "--model": "--architecture",
    "--network": "--architecture", "--size": "--image-size", "--img-size": "--image-size", "--imgsz": "--image-size",
    "--batch": "--batch-size", "--bs": "--batch-size", "--output": "--out", "--folder": "--out", "--name": "--out",
    "--force": "--overwrite", "--yes": "--overwrite", "--continue": "--resume", "--flip": "--mirror",
    "--time": "--time-limit", "--duration": "--time-limit", "--labels": "--class-names", "--classes": "--class-names",
    "--baseline": "--against", "--k": "--top", "--topk": "--top", "--threshold": "--abstain",
    "--random-state": "--seed", "-v": "--version", "-V": "--version", "--precision": "--quantize",
    "--quantise": "--quantize", "--position": "--at", "--channel": "--filter", "--n-epochs": "--epochs",
    "--iterations": "--epochs",
}  # fmt: skip
"""What other programs call it → our option, where the command has it."""
WORDS = {"corpus": "photos/", "run": "runs/photos", "inputs": "new.jpg", "image": "new.jpg", "images": "new.jpg"}
"""Arguments → a word that can be typed."""
VALUES = {
    "--epochs": "10", "--image-size": "96", "--batch-size": "32", "--seed": "1", "--top": "3", "--alpha": "0.5",
    "--learning-rate": "0.01", "--abstain": "0.95", "--max-examples": "1000", "--units": "100", "--time-limit": "5m",
    "--channels": "64", "--out": "runs/photos", "--architecture": "small-cnn", "--against": "runs/other",
    "--layer": "last", "--kernel": "sobel-x", "--matrix": "photo.jpg", "--architectures": "dense,small-cnn",
    "--resize": "pad", "--claims": "all", "--quantize": "float16",
    "--only": "shift,blur", "--augment": "shift", "--examples": "3", "--port": "8000",
}  # fmt: skip
"""Options → a value that can be typed."""
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
"""Dashes and hyphens that a document or a chat makes of the one on the keyboard."""
CORPUS_FIRST = {"audit", "train", "compare"}
"""Commands that take a corpus, and -o."""
TO_A_FILE = {"anatomy": "--json", "audit": "--json"}
"""Commands → how what they print becomes a file."""
MOST_JOINED = 8
"""Words of one name with spaces in it."""
_OF_A_WORD = 4
"""Letters from which on ``-word`` is an option of two dashes that lost one."""


def check_words(words: Sequence[str]) -> None:
    """Refuse words that no command can mean.

    Raises:
        WrongRequest: a dash of a document, or an empty word.
    """
    mended = [_with_plain_dash(word) for word in words]
    wrong = next((word for word, better in zip(words, mended, strict=True) if word != better), None)
    if wrong is not None:
        raise WrongRequest(
            f"{wrong!r} begins with a typographic dash; options begin with a hyphen, -. "
            f"Type: {shlex.join(['hubel', *mended])}"
        )
    empty = next((word for word in words if not word or (word.startswith("--") and word.endswith("="))), None)
    if empty is not None and not {"convolve", "pool"} & set(words[:2]):
        where = f"Nothing follows {empty}" if empty else "A word of the command is empty"
        raise WrongRequest(f"{where}. An empty shell variable leaves such a gap. Leave it out, or give it a value.")


def check_values(words: Sequence[str], command: click.Command) -> None:
    """Refuse an option that stands where the value of the one before it should be; click would take it for the value.

    Args:
        words: of the whole command, without the program's name.
        command: that was typed.

    Raises:
        BadOptionUsage: the option before needs a value.
    """
    known = _options(command)
    for word, following in itertools.pairwise(words):
        if word == "--":
            return
        takes_value = word in known and not known[word].is_flag and not known[word].count
        if takes_value and (following in known or following == "--help"):
            raise click.BadOptionUsage(word, "", click.Context(command, info_name=f"hubel {command.name}"))


def _with_plain_dash(word: str) -> str:
    name = word.lstrip(f"-{DASHES}")
    dashes = word[: len(word) - len(name)]
    if not name[:1].isalpha() or not set(dashes) & set(DASHES) or os.path.exists(word):  # noqa: PTH110  (never raises)
        return word
    return f"{'-' if len(name) == 1 else '--'}{name}"


def said_better(error: click.ClickException, words: Sequence[str], *, command: click.Command) -> click.ClickException:
    """The error with what to type, where that is known.

    Args:
        error: as click says it.
        words: of the whole command, without the program's name.
        command: that was typed.
    """
    if not isinstance(error, click.UsageError):
        return error
    ctx = error.ctx or click.Context(command, info_name=f"hubel {command.name}")
    if isinstance(error, click.MissingParameter):
        text = _missing(error, words)
    elif isinstance(error, click.NoSuchOption):
        text = _no_such_option(error.option_name, ctx.command, words=words)
    elif isinstance(error, click.BadOptionUsage):
        text = _no_value(error, command)
    elif isinstance(error, click.BadParameter):
        text = _bad_value(error, words)
    else:
        text = _too_many(ctx, words)
    return click.UsageError(text, ctx) if text else error


def what_json_is(words: Sequence[str]) -> str:
    """Where a name follows ``--json`` at which nothing is: that it takes none."""
    for place, word in enumerate(words[1:-1], start=1):
        name = words[place + 1]
        if word == "--json" and not name.startswith("-") and not os.path.exists(name):  # noqa: PTH110
            rest = [*words[: place + 1], *words[place + 2 :]]
            return f"--json takes no file, it prints. Into a file: {shlex.join(['hubel', *rest])} > {shlex.quote(name)}"
    return ""


def _options(command: click.Command) -> dict[str, click.Option]:
    """Every way to write each option of a command."""
    options = [each for each in command.params if isinstance(each, click.Option)]
    return {word: each for each in options for word in (*each.opts, *each.secondary_opts)}


def _long(option: click.Parameter) -> str:
    return max(option.opts, key=len)


def _missing(error: click.MissingParameter, words: Sequence[str]) -> str:
    command = error.ctx.command if error.ctx else click.Command("")
    if command.name == "predict" and len(words) > 1 and not words[1].startswith("-"):
        return f"Name the images, or a folder of images: hubel predict {shlex.quote(words[1])} new.jpg"
    return f"{error.format_message()} Such as: {line_to_type(command)}"


def line_to_type(command: click.Command) -> str:
    """A line for a command that cannot do without a word; an image belongs to it where it takes one."""
    arguments = [each for each in command.params if isinstance(each, click.Argument)]
    names = [str(each.name) for each in arguments if each.required or each.name == "image"]
    return " ".join(["hubel", str(command.name), *(WORDS.get(name, name.upper()) for name in names)])


def _no_such_option(typed: str, command: click.Command, *, words: Sequence[str]) -> str:
    known = _options(command)
    if isinstance(command, click.Group) and words[0].strip("-") in command.list_commands(click.Context(command)):
        return f"No such option {words[0]!r}. Commands have no dashes: hubel {words[0].strip('-')}"
    for word in words:
        # click takes -resume for -r -e -s ...
        name = word.partition("=")[0]
        if not word.startswith("--") and word.startswith(typed) and len(name) >= _OF_A_WORD and f"-{name}" in known:
            return f"No such option {name!r}. Options spelled out begin with two dashes: -{name}"
    said = f"No such option {typed!r}."
    if OPTION_SYNONYMS.get(typed) in known:
        return f"{said} Did you mean {OPTION_SYNONYMS[typed]!r}?"
    if typed in {"-o", "--out", "--output"} and command.name in TO_A_FILE:
        name = f"hubel {command.name}"
        return f"{said} {name} prints. Into a file: {name} ... {TO_A_FILE[command.name]} > FILE"
    bare = {word.lstrip("-"): word for word in known if word.startswith("--")}  # the dashes are no likeness
    near = difflib.get_close_matches(typed.lstrip("-").lower(), bare, n=1) if typed.startswith("--") else []
    meant = typed.lower() if typed.lower() in known else bare.get(near[0]) if near else None
    return said if meant is None else f"{said} Did you mean {meant!r}?"


def _no_value(error: click.BadOptionUsage, command: click.Command) -> str:
    option = _options(command).get(error.option_name)
    if option is None:
        return ""
    if option.is_flag:
        return f"{error.option_name} takes no value. Type it alone: {error.option_name}"
    return f"{error.option_name} needs a value after it, such as: {error.option_name} {value_of(option)}"


def value_of(option: click.Parameter) -> str:
    """What can be typed behind an option; else what its help shows."""
    value = VALUES.get(_long(option)) or option.make_metavar(click.Context(click.Command("")))
    whole = isinstance(option.type, click.types.IntParamType)
    return "3" if whole and not value.isdigit() else value  # --kernel is a size, or a name


def _bad_value(error: click.BadParameter, words: Sequence[str]) -> str:
    option = error.param
    if not isinstance(option, click.Option):
        return ""
    whole = isinstance(option.type, click.types.IntParamType)
    if not whole and not isinstance(option.type, click.types.FloatParamType):
        return ""
    name = _long(option)
    typed = next((value for word, value in _pairs(words) if word in option.opts), "")
    kind = "a whole number" if whole else "a number, with a decimal point"
    least = f" of at least {option.type.min:g}" if isinstance(option.type, click.IntRange) and option.type.min else ""
    like = (_number_in(typed, whole=whole) if not least else "") or value_of(option)
    return f"{name} takes {kind}{least}, such as {name} {like}. Received: {repr(typed) if typed else 'nothing'}."


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Options and what stands behind them, the last first."""
    for place in range(len(words) - 1, -1, -1):
        name, equals, value = words[place].partition("=")
        yield name, value if equals else (words[place + 1] if place + 1 < len(words) else "")


def _number_in(typed: str, *, whole: bool) -> str:
    """The number that was meant, as it is typed; "" where that is not plain."""
    if whole:
        found = re.match(r"\s*(\d{1,3}(?:[,_ ]\d{3})+|\d{1,9})(?![\d.,])", typed)
        return re.sub(r"\D", "", found[1]) if found and "e" not in typed.lower() else ""
    found = re.fullmatch(r"\s*(\d{1,9}),(\d{1,9})\s*", typed)
    return f"{found[1]}.{found[2]}" if found else ""


def _too_many(ctx: click.Context, words: Sequence[str]) -> str:
    """What to type instead of words for which the command has no place; "" where there are none."""
    name = ctx.command.name or ""
    if isinstance(ctx.command, click.Group) or name not in words or broken_name(words) is not None:
        return ""
    rest = list(words[words.index(name) + 1 :])
    try:
        _, surplus, _ = ctx.command.make_parser(ctx).parse_args(list(rest))
    except click.ClickException:
        return ""
    return _instead(ctx, rest, surplus=surplus) if surplus else ""


def _instead(ctx: click.Context, rest: list[str], *, surplus: list[str]) -> str:
    """What the words were meant for."""
    command, first = ctx.command, surplus[0]
    name, known = command.name or "", _options(command)
    kept = ["hubel", name, *(word for word in rest if word not in surplus)]
    before = rest[rest.index(first) - 1] if rest.index(first) else ""
    option, equals, value = first.partition("=")
    if equals and f"--{option}" in known:
        return f"Options begin with two dashes: {shlex.join([*kept, f'--{option}', value])}"
    if before in known and known[before].is_flag and first.lower() in {"yes", "no", "true", "false", "on", "off"}:
        others = [word for word in known[before].secondary_opts if word != before]
        return f"{before} takes no value. Type it alone: {before}{f', or {others[0]}' if others else ''}"
    place = rest.index("--architectures") if "--architectures" in rest else len(rest)
    if rest[place + 2 : place + 2 + len(surplus)] == surplus:
        return f"Put commas between them, and no spaces: --architectures {','.join([rest[place + 1], *surplus])}"
    if name in {"convolve", "pool"}:
        taker = "--matrix" if name == "pool" or os.path.exists(first) else "--kernel"  # noqa: PTH110
        return f"{first!r} needs an option before it: {shlex.join([*kept, taker, first])}"
    given = [str(ctx.params[each.name]) for each in command.params if isinstance(each, click.Argument) and each.name]
    return _place_of_a_path(name, given, surplus=surplus, kept=kept)


def _place_of_a_path(name: str, given: list[str], *, surplus: list[str], kept: list[str]) -> str:
    """The same, of words that may be paths.

    Args:
        name: of the command.
        given: what its arguments got.
        surplus: what is too many.
        kept: the command without it.
    """
    paths = [Path(word) for word in (*given[-1:], *surplus)]
    there = os.path.exists(surplus[0])  # noqa: PTH110
    if name in CORPUS_FIRST and not there and given and not os.path.exists(given[-1]) and given[-1] != "digits":  # noqa: PTH110
        joined = shlex.quote(" ".join([given[-1], *surplus]))
        return f"There is neither {given[-1]!r} nor {surplus[0]!r}. If it is one name with spaces, quote it: {joined}"
    parents = {path.parent for path in paths}
    if name in CORPUS_FIRST and len(parents) == 1 and len(paths) > 2 and all(map(os.path.isdir, paths)):
        return f"{name} takes one folder, that of the class folders: hubel {name} {shlex.quote(str(parents.pop()))}"
    has_out = any(word in {"-o", "--out"} or word.startswith("--out=") for word in kept)
    takes = {"trace": "one image", "maps": "one image", "verify": "one run", "export": "one run"}.get(
        name, "one corpus"
    )
    is_free = name in CORPUS_FIRST and not (there and not _may_be_output(paths[-1]))
    if (is_free or name == "export") and len(surplus) == 1 and not has_out:
        return f"{name} takes {takes}. The folder to write goes after -o: {shlex.join([*kept, '-o', surplus[0]])}"
    if name == "filters":
        words = ["hubel", "maps", *given, surplus[0], "--layer", "last", "-o", "maps.png"]
        return f"Filters need no image. Its feature maps: {shlex.join(words)}"
    if surplus[0] == (given or [""])[-1]:
        return f"{surplus[0]!r} was typed twice. Type: {shlex.join([*kept, surplus[0]])}"
    return f"{name} takes {takes} at a time, and {surplus[0]!r} is one word too many. Leave it out: {shlex.join(kept)}"


def _may_be_output(path: Path) -> bool:
    """A folder that a run, an audit or a comparison wrote, or that is empty."""
    try:
        names = {each.name for each in path.iterdir()}
    except OSError:
        return False
    return not names or bool(names & {"run.json", "metrics.json", "audit.json", "compare.json", "classifier"})


def broken_name(words: Sequence[str]) -> str | None:
    """The first path that is there if some of the words, of which not all are, are one name with spaces."""
    there = [os.path.exists(word) for word in words]  # noqa: PTH110  (never raises)
    for start in range(len(words) - 1):
        for end in range(min(len(words), start + MOST_JOINED), start + 1, -1):
            name = " ".join(words[start:end])
            if not there[start] and os.path.exists(name):  # noqa: PTH110
                return name
    return None
