"""A layer as a user says it: its name, the last part of its name, its number, or ``first`` and ``last``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from hubel.architectures.geometry import CONVOLUTIONS, LOCAL, TRANSPOSED
from hubel.architectures.walk import Call, Graph
from hubel.errors import UnknownName, WrongRequest
from hubel.errors.wording import Command, Option, Text
from hubel.text import one_line

FIRST, LAST = "first", "last"
NEAR, BEGINNING, END = 3, 5, 3
"""Names that an error shows: those that are alike, and of all in network order."""


def find_layer(graph: Graph, said: str, *, usable: Sequence[Call] | None = None, others: Sequence[str] = ()) -> Call:
    """The layer that is meant. A name goes before a number, and that before ``first`` and ``last``.

    Args:
        graph: of the model.
        said: by the user.
        usable: the layers that can be shown, of which ``first`` and ``last`` are the first and last convolution;
            all by default. A layer that is named is found also where it is none of them.
        others: names that mean something else than a layer, for the message.

    Raises:
        UnknownName: naming those that are alike, and the layers in network order.
        WrongRequest: ``first`` or ``last`` where no layer can be shown, or there is no such number.
    """
    named = [call for call in graph.calls if call.name == said]
    named = named or _only([call for call in graph.calls if _own(call) == said])
    if named:
        return named[-1]
    if said.isascii() and said.isdigit():
        if not 1 <= int(said) <= len(graph.calls):
            raise WrongRequest(
                f"There is no layer {said}: they are numbered from 1 to {len(graph.calls)}, as ",
                Command("anatomy", ("RUN",)),
                " shows.",
            )
        return graph.calls[int(said) - 1]
    if said in (FIRST, LAST):
        shown = list(graph.calls if usable is None else usable)
        convolutions = [call for call in shown if is_convolution(call)]
        if not shown:
            raise WrongRequest(Option("layer", said), ": this network has no layer that can be shown here.")
        return (convolutions or shown)[0 if said == FIRST else -1]
    raise UnknownName(_unknown(graph, said, others=others))


def is_convolution(call: Call) -> bool:
    """A layer with kernels that slide over a map."""
    return call.kind in (*CONVOLUTIONS, LOCAL, TRANSPOSED)


def _own(call: Call) -> str:
    return call.name.rpartition("/")[2]


def _only(calls: list[Call]) -> list[Call]:
    """Of a name that several layers share, none is meant; a layer that is called again is one."""
    return calls if len({call.name for call in calls}) == 1 else []


def _unknown(graph: Graph, said: str, *, others: Sequence[str]) -> Text:
    names = list(dict.fromkeys(call.name for call in graph.calls))
    same = [name for name in names if name.rpartition("/")[2] == said]
    if same:
        return Text(f"Several layers are called {said!r}. Write the whole name: {_in_order(same)}.")
    spelt = {name.rpartition("/")[2].lower(): name for name in reversed(names)} | {each: each for each in others}
    near = [spelt[each] for each in difflib.get_close_matches(said.rpartition("/")[2].lower(), spelt, n=NEAR)]
    hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
    rest = f", or {', '.join(others)}" if others else ""
    return Text(
        f"There is no layer named {said!r}.{hint} In network order: {_in_order(names)}{rest}. "
        "Also first, last, or a number; ",
        Command("anatomy", ("RUN",)),
        " shows all.",
    )


def _in_order(names: Sequence[str]) -> str:
    """All of a few names; of many the first and the last, and how many lie between."""
    shown = list(map(one_line, names))
    if len(shown) > BEGINNING + END + 1:
        between = f"... {len(shown) - BEGINNING - END} more ..."
        shown = [*shown[:BEGINNING], between, *shown[-END:]]
    return ", ".join(shown)
