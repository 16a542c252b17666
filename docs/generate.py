"""Write the pages that are made from the code: ``make docs``. A test compares them."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click

from hubel import errors
from hubel.advice.advise import MOST_SHOWN, RULES
from hubel.advice.on_robustness import ROBUSTNESS_RULES
from hubel.advice.remarks import SEVERITIES
from hubel.cli.main import COMMANDS, hubel
from hubel.corpus.audit.catalogue import CHECKS
from hubel.corpus.formats.catalogue import FORMATS
from hubel.corpus.shortcuts.probes import PROBES
from hubel.errors.wording import Command, Option, Remedy, Text, in_python
from hubel.shell import in_shell, text_in_shell

REFERENCE = Path(__file__).parent / "reference"
SRC = Path(errors.__file__).parents[1]
WIDTH = 100

EXIT_CODES = """\
## Exit codes

| code | meaning |
|---|---|
| 0 | done, everything read |
| 2 | the command has wrong words or values |
| 3 | the input cannot be used |
| 4 | done, but some inputs were refused; they are listed |
| 5 | a check that guards a claim failed, such as a loss that is no longer a number |
| 130 | interrupted by the user; what was finished is kept, and the command that resumes is printed |
| 1 | a defect in Hubel |

Results go to standard output, progress and messages to standard error. `--debug`, anywhere on the line, shows the
traceback of an error.
"""


CHECKS_HEAD = """\
# What an audit looks for

Made from the code by `make docs`.

Each finding has a *measurement*, a *score* from 0 to 1 (the lower, the worse), and the *decision* that it is worth a
look: the threshold below. Nothing is changed, and nothing is left out because of a finding: you decide.
"""

PROBES_HEAD = """\
## What `--shortcuts` tries to tell the classes by

[How it is done](../how-to/find-shortcuts.md). An alarm needs the balanced accuracy in the third column, one class
against all others; a guess has 0.5.

| probe | reads | alarm from | may be no fault? | what to do |
|---|---|---|---|---|"""

FORMATS_HEAD = """\
# What a corpus can be

Made from the code by `make docs`. The first form that fits is taken; `hubel audit --json` names it as `corpus_format`.
What each needs, and what becomes of files that do not fit, is in [Corpora](../concepts/corpora.md).
"""


ADVICE_HEAD = f"""\
# What is advised after a run

Made from the code by `make docs`.

At the end of `hubel train`, under *Next*, stands what is the matter with the run: in plain words, with the numbers that
show it, and with the next command to type. At most {MOST_SHOWN} entries are printed, the most harmful first; all are
in `metrics.json` under `advice`, each with `rule`, `severity`, `text`, `evidence` and `command`, and in Python in
`run.advice`.

A rule speaks only where chance does not explain what it sees, as far as that can be computed. Some are silent where a
worse one has said why already.
"""

ROBUSTNESS_HEAD = """\
# What is advised after changed images

[`hubel robustness`](../how-to/robustness.md) ends with these, in the same form. A change *costs accuracy* where an
exact McNemar test on the same images says so, adjusted by Holm for every strength of every change that was tested (at
5 %).
"""

MESSAGES_HEAD = """\
# Every message

Made from the code by `make docs`: what errors, notes, warnings, advice and reports say, file by file, so that it can be
read in one go. … stands for a value, (one | other) for a choice. The words are those of the command line; where Python
says it in another way, that follows. A *remedy* is said only by commands that have its options. What `--help` prints is
in [Command line](command-line.md).
"""


def render_reference() -> str:
    """The reference of the command line: what ``--help`` prints for each command."""
    parts = ["# Command line\n\nMade from the code by `make docs`.\n"]
    shape = {"max_content_width": WIDTH, "terminal_width": WIDTH, **hubel.context_settings}
    top = click.Context(hubel, info_name="hubel", **shape)
    parts.append(f"```\n{hubel.get_help(top)}\n```\n")
    for name in COMMANDS:
        command = hubel.get_command(top, name)
        assert command is not None
        context = click.Context(command, parent=top, info_name=name, **shape)
        parts.append(f"## hubel {name}\n\n```\n{command.get_help(context)}\n```\n")
    return "\n".join([*parts, EXIT_CODES])


def render_checks() -> str:
    """The checks of an audit: what each looks for, from where on, why, and what to do."""
    parts = [CHECKS_HEAD]
    for name, check in CHECKS.items():
        parts.append(f"## `{name}`: {check.title}\n")
        parts.append(f"{check.why}\n\n- From where on: {check.threshold}.\n- What to do: {text_in_shell(check.cure)}\n")
    rows = [
        f"| `{name}` | {probe.title} | {probe.limit} | {probe.honest or 'no'} | {probe.cure} |"
        for name, probe in PROBES.items()
    ]
    return "\n".join([*parts, PROBES_HEAD, *rows, ""])


def render_formats() -> str:
    """The forms a corpus can have, in the order in which they are tried."""
    rows = [f"| `{name}` | {entry.summary} |" for name, entry in FORMATS.items()]
    return "\n".join([FORMATS_HEAD, "| name | form |", "|---|---|", *rows, ""])


def render_advice() -> str:
    """The rules of the advice: when each speaks, how bad that is, and which others it silences."""
    parts = [ADVICE_HEAD, "| severity | meaning |", "|---|---|"]
    parts = ["\n".join([*parts, *(f"| {name} | {meaning} |" for name, meaning in SEVERITIES.items())]) + "\n"]
    for name, rule in RULES.items():
        parts.append(f"## `{name}`: {rule.summary}\n")
        lines = [f"- When: {rule.when}.", f"- Severity: {rule.severity}."]
        if rule.instead_of:
            lines.append(f"- Silent then: {', '.join(f'`{each}`' for each in rule.instead_of)}.")
        parts.append("\n".join(lines) + "\n")
    parts.append(ROBUSTNESS_HEAD)
    for name, robustness_rule in ROBUSTNESS_RULES.items():
        parts.append(f"## `{name}`: {robustness_rule.summary}\n")
        parts.append(f"- When: {robustness_rule.when}.\n- Severity: {robustness_rule.severity}.\n")
    return "\n".join(parts)


GAP, VALUE = "…", "..."
"""Stand for what is only known when a message is said: in a sentence, and as the value of an option."""
ERRORS = {name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, Exception)}
KINDS = {**{name: name for name in ERRORS}, "Message": "note", "Remark": "advice", "Text": "text", "Remedy": "remedy"}
"""What makes a message → what the page calls it."""
LEAST_WORDS = 4
"""Of a sentence that stands alone in the code."""
MOST_DEEP = 4
"""Names and functions that are followed for one part of a message."""


class Said(NamedTuple):
    """A message: what kind it is, and its text, with gaps."""

    kind: str
    text: Text


class Source:
    """A file of the package, and the messages in it."""

    def __init__(self, path: Path) -> None:
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]
        self.functions = {each.name: each for each in functions if _returned(each)}
        self.constants = _assigned(self.tree.body)
        rich = any(isinstance(node, ast.ImportFrom) and node.module == "rich.text" for node in ast.walk(self.tree))
        self.kinds = {name: kind for name, kind in KINDS.items() if not (rich and name == "Text")}  # that is another
        self.quiet = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}

    def messages(self) -> list[str]:
        """What the page says of each, once; sentences that are part of a longer message are found there."""
        every = list(self._within(self.tree, self.constants))
        whole = "\n".join(in_python(said.text) for said in every if said.kind != "text")
        shown = [said for said in every if said.kind != "text" or in_python(said.text) not in whole]
        return list(dict.fromkeys("\n".join(_listed(said)) for said in shown))

    def _within(self, node: ast.AST, names: dict[str, list[ast.expr]]) -> Iterator[Said]:
        if isinstance(node, ast.FunctionDef):
            names = {**names, **_assigned(ast.walk(node))}
        if isinstance(node, ast.Call) and (kind := self.kinds.get(_called(node))) is not None:
            text = self._text(_arguments(node), names)
            if set(text.parts) - {GAP, VALUE, " "}:
                yield Said(kind, text)
            return
        if _is_sentence(node) and id(node) not in self.quiet:
            text = self._text([node], names)
            if str(text).rstrip().endswith((".", "?", ":")) and len(str(text).split()) >= LEAST_WORDS:
                yield Said("text", text)
            return
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.keyword) and child.arg == "help":
                continue  # in the reference of the command line
            yield from self._within(child, names)

    def _text(self, nodes: list[Any], names: dict[str, list[ast.expr]], depth: int = 0) -> Text:
        return Text(*(part for node in nodes for part in self._parts(node, names, depth)))

    def _parts(self, node: ast.AST, names: dict[str, list[ast.expr]], depth: int) -> Iterator[Any]:
        """What a node adds to a text; a name stands for what it was given in the same function or file."""
        again = (names, depth + 1)
        match node:
            case ast.Constant(value=str(text)):
                yield text
            case ast.JoinedStr(values=values):
                for each in values:
                    yield from self._parts(each, names, depth)
            case ast.FormattedValue(value=value) if depth < MOST_DEEP and node.format_spec is None:
                yield from self._parts(value, *again)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                yield from (*self._parts(left, names, depth), *self._parts(right, names, depth))
            case ast.IfExp(body=one, orelse=other):
                yield from self._choice([one, other], *again)
            case ast.Name(id=name) if depth < MOST_DEEP and name in names:
                yield from self._choice(names[name], *again)
            case ast.Call() if (made := self._made(node, names, depth)) is not None:
                yield from made
            case _:
                yield GAP

    def _choice(self, nodes: list[Any], names: dict[str, list[ast.expr]], depth: int) -> Iterator[Any]:
        texts = list(dict.fromkeys(self._text([each], names, depth) for each in nodes))
        if all(set(text.parts) <= {GAP, VALUE, ""} for text in texts):
            yield GAP
            return
        yield from ("(",) if len(texts) > 1 else ()
        for place, text in enumerate(texts):
            yield from (" | ",) if place else ()
            yield from text.parts
        yield from (")",) if len(texts) > 1 else ()

    def _made(self, call: ast.Call, names: dict[str, list[ast.expr]], depth: int) -> list[Any] | None:
        """The value that a call makes; None where it is not known."""
        kind = _called(call)
        if kind == "Option":
            name, *value = map(_literal, _arguments(call))
            return [Option(name, *value)]
        if kind == "Command":
            return self._command(call, names, depth)
        if kind in ("Remedy", "Text"):
            text = self._text(call.args, names, depth)
            return [text if kind == "Text" else Remedy(text)]
        if kind not in self.functions or depth >= MOST_DEEP:
            return None
        function = self.functions[kind]
        names = {**self.constants, **_assigned(ast.walk(function))}
        return list(self._choice(_returned(function), names, depth + 1))

    def _command(self, call: ast.Call, names: dict[str, list[ast.expr]], depth: int) -> list[Any] | None:
        name, arguments, options = [*call.args, ast.Tuple([]), ast.Tuple([])][:3]
        if not isinstance(name, ast.Constant) or not isinstance(options, ast.Tuple):
            return None
        parts = [part for each in options.elts for part in self._parts(each, names, depth)]
        words = [_literal(each) for each in arguments.elts] if isinstance(arguments, ast.Tuple) else [VALUE]
        given = tuple(each for each in parts if isinstance(each, Option))
        return [Command(str(name.value), tuple(map(str, words)), given)]


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _arguments(call: ast.Call) -> list[ast.expr]:
    """Those that are texts or values: an image that cannot be read has a code before, a remark a command behind."""
    given = call.args[1:] if _called(call) == "UnreadableImage" else call.args
    if _called(call) == "Remark":
        given = [given[0], ast.Constant(" "), given[1]]
    return [*given, *(each.value for each in call.keywords if each.arg in ("text", "value", "reason"))]


def _assigned(nodes: Any) -> dict[str, list[ast.expr]]:
    """Name → what it is given that is or holds text; nothing of names that are given other things as well."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AugAssign(target=ast.Name(id=name), value=value)
            ):
                found.setdefault(name, []).append(value)
            case ast.Assign(targets=[ast.Tuple(elts=elts)], value=ast.Tuple(elts=values)):
                for target, value in zip(elts, values, strict=False):
                    found.setdefault(target.id if isinstance(target, ast.Name) else "", []).append(value)
    return {name: values for name, values in found.items() if any(map(_holds_text, values))}


def _holds_text(node: ast.AST) -> bool:
    kinds = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.GeneratorExp, ast.DictComp)
    return not isinstance(node, kinds) and any(
        _is_sentence(each) or (isinstance(each, ast.Call) and _called(each) in ("Text", "Option", "Command"))
        for each in ast.walk(node)
    )


def _is_sentence(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _returned(function: ast.FunctionDef) -> list[ast.expr]:
    """What a function returns, where it is text."""
    given = [each.value for each in ast.walk(function) if isinstance(each, ast.Return) and each.value is not None]
    return [each for each in given if _holds_text(each)]


def _literal(node: ast.AST) -> Any:
    return node.value if isinstance(node, ast.Constant) else VALUE


def _listed(said: Said) -> Iterator[str]:
    """A message, at both doors where they differ, and its remedies."""
    plain = Text(*(part for part in said.text.parts if not isinstance(part, Remedy)))
    yield from _wrapped(said.kind, plain)
    for remedy in said.text.remedies:
        yield from _wrapped("  remedy", Text(*remedy.parts))


def _wrapped(kind: str, text: Text) -> Iterator[str]:
    doors = dict.fromkeys(" ".join(each.split()) for each in (text.render(in_shell), in_python(text)))
    for name, sentence in zip((kind, "  in Python"), doors, strict=False):
        yield from textwrap.wrap(f"{name}: {sentence}", 116, subsequent_indent="    ", break_on_hyphens=False)


def render_messages() -> str:
    """Every error, note and advice of the package, file by file."""
    files = {path: "\n".join(Source(path).messages()) for path in sorted(SRC.rglob("*.py"))}
    parts = [f"## {path.relative_to(SRC).as_posix()}\n\n```text\n{said}\n```\n" for path, said in files.items() if said]
    return "\n".join([MESSAGES_HEAD, *parts])


PAGES = {
    REFERENCE / "advice.md": render_advice,
    REFERENCE / "command-line.md": render_reference,
    REFERENCE / "audit-checks.md": render_checks,
    REFERENCE / "formats.md": render_formats,
    REFERENCE / "messages.md": render_messages,
}

if __name__ == "__main__":
    for page, render in PAGES.items():
        page.write_text(render(), encoding="utf-8")
        print(f"wrote {page}")
