"""Events → standard error: a progress bar on a terminal, plain lines elsewhere; and questions to whoever is there."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self, TextIO, cast

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from hubel import events
from hubel.cli.wording import worded
from hubel.text import counted

SECONDS_BETWEEN_LINES = 1.0
SECONDS_BETWEEN_RATES = 30.0
"""Where there is no bar."""
PHASES = {"train": "", "warm-start": "", "head": "head  ", "fine-tune": "all   "}
"""What is trained, in front of an epoch's line; nothing where it is always the whole network."""


class _Forgiving:
    """Standard error whose reader may leave, or whose disk may be full: the words are lost, the work is not.

    Args:
        stream: what is written to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write to the stream, or to nothing once it has failed."""
        try:
            return self._stream.write(text)
        except OSError:
            self._give_up()
            return len(text)

    def flush(self) -> None:
        """Flush the stream, if it still takes anything."""
        try:
            self._stream.flush()
        except OSError:
            self._give_up()

    def _give_up(self) -> None:
        nothing = os.open(os.devnull, os.O_WRONLY)
        for stream in (self._stream, sys.stderr):  # the same place, by two ways
            with suppress(OSError, ValueError):
                os.dup2(nothing, stream.fileno())  # what is still waiting to be written goes there, too
        os.close(nothing)


def _own_stream(stream: TextIO) -> TextIO | None:
    """Another way to the terminal or file that standard error is: what holds that back holds no word of ours back.

    None where it is neither, as in a notebook.

    Args:
        stream: standard error.
    """
    try:
        stream.flush()
        own = os.dup(stream.fileno())
    except (OSError, ValueError, AttributeError):
        return None
    return open(own, "w", encoding=stream.encoding, errors=stream.errors, buffering=1)  # noqa: PTH123


class Listener:
    """Shows what long work says of itself; used as a context, which tidies the terminal up.

    Its ``warnings`` are those that were shown, for the JSON document of a command.
    """

    def __init__(self) -> None:
        self.warnings: list[str] = []
        self._own = _own_stream(sys.stderr)
        stream: Any = _Forgiving(self._own or sys.stderr)
        self.console = Console(file=stream, highlight=False, soft_wrap=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[details]}"),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self._task: TaskID | None = None
        self._stage = ""
        self._waiting: events.EpochDone | None = None
        self._told_s = 0.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tell_epoch()
        self._bar.stop()
        if self._own is not None:
            self.console.file.flush()
            self.console.file = cast("TextIO", _Forgiving(sys.stderr))
            self._own.close()
            self._own = None

    @contextmanager
    def paused(self) -> Generator[None]:
        """Nothing is drawn meanwhile: somebody is asked."""
        self._bar.stop()
        try:
            yield
        finally:
            self._bar.start()

    def __call__(self, event: events.Event) -> None:
        """Show one event."""
        if not isinstance(event, events.EpochDone | events.TrainingProgress):
            self._tell_epoch()
        match event:
            case events.Progress():
                of_total = f" of {event.total:,}" if event.total else ""
                self._show(
                    event.stage, event.done / max(1, event.total), details=f"{event.done:,}{of_total} {event.unit}"
                )
            case events.TrainingProgress():
                speed = f"{event.images_per_s:,.0f} images/s"
                details = f"epoch {event.epoch}  loss {event.loss:.3f}  {speed}  {_left(event.seconds_left)}"
                self._show("training", event.fraction, details=details)
            case events.NamingProgress():
                self._naming(event)
            case events.EpochDone():
                self._epoch(event)
            case events.PhaseDone():
                self._print(f"{PHASES[event.phase]}{line}" for line in _ended(event))
            case events.Message():
                sentences = worded(event.text)
                if event.warning:
                    self.warnings.append(sentences)
                label = Text("Note: ", "bold yellow" if event.warning else "bold")
                self.console.print(label.append(Text(sentences, "not bold default")))
            case events.PlanMade():
                self.console.print(Text("Plan", "bold"))
                self._print(f"  {name:<13} {value}" for name, value in event.lines)

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            self.console.print(line, markup=False)

    def _naming(self, event: events.NamingProgress) -> None:
        """A bar, or a line now and then."""
        of_total = f" of {event.total:,}" if event.total else ""
        told = (f"{event.done:,}{of_total}", f"{event.images_per_s:,.0f} images/s", _left(event.seconds_left))
        self._show("naming", event.done / max(1, event.total), details="  ".join(filter(None, told)))
        if not self.console.is_terminal and event.elapsed_s - self._told_s >= SECONDS_BETWEEN_RATES:
            self._told_s = event.elapsed_s
            self._print([f"named {', '.join(filter(None, told))}"])

    def _epoch(self, event: events.EpochDone) -> None:
        """One line, but at most one a second; the last of a phase is never lost."""
        if event.epoch == 1:
            self._tell_epoch()  # of the phase before
        self._waiting = event
        if event.epoch == 1 or event.elapsed_s - self._told_s >= SECONDS_BETWEEN_LINES:
            self._tell_epoch()

    def _tell_epoch(self) -> None:
        if self._waiting is None:
            return
        event, self._waiting = self._waiting, None
        self._told_s = event.elapsed_s
        mark = "  best so far" if event.best else ""
        score = ""
        if event.validation_accuracy is not None:
            score = f"validation log loss {event.validation_log_loss:.3f}  accuracy {event.validation_accuracy:.3f}  "
        self.console.print(
            f"{PHASES[event.phase]}epoch {event.epoch:>3}  loss {event.loss:.3f}  "
            f"{score}"
            f"{event.images_per_s:>6,.0f} images/s  {event.elapsed_s:>5.1f} s{mark}",
            style=None if event.best else "dim",
            markup=False,
        )

    def _show(self, stage: str, fraction: float, *, details: str) -> None:
        if stage != self._stage and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        if self._task is None:
            self._stage, self._task = stage, self._bar.add_task(stage, total=1.0, details="")
        self._bar.update(self._task, completed=min(1.0, fraction), details=details)


def _ended(event: events.PhaseDone) -> list[str]:
    """Why it ended before all epochs were trained, and whose weights are kept; nothing where the user ended it."""
    if event.ended_by == "user":
        return []
    if event.validation_log_loss is None:
        kept = f"The weights of the last epoch, {event.kept}, are kept"
        why = "there are no validation images to choose by"
    else:
        kept = f"The weights of epoch {event.kept} are kept"
        accuracy = f"accuracy {event.validation_accuracy:.3f}"
        why = f"the lowest validation log loss, {event.validation_log_loss:.3f}; {accuracy}"
    if event.kept == 0:
        kept = "No epoch was better than the head on the frozen backbone, which is kept"
    lines, count = [], f"{event.epochs:.1f}".removesuffix(".0")
    if event.ended_by == "patience":
        waited = f"none of the last {event.epochs - event.kept:.0f} had a lower validation log loss"
        lines.append(f"Stopped after {count} of {counted(event.planned, 'epoch')}: {waited}.")
    elif event.epochs < event.planned:
        lines.append(f"Time ran out after {count} of at most {counted(event.planned, 'epoch')}.")
    return [*lines, f"{kept}: {why}."]


def print_document(document: Mapping[str, Any], listener: Listener) -> None:
    """A command's JSON document on standard output, with what it warned of on standard error.

    Args:
        document: plain data.
        listener: that heard the warnings.
    """
    click.echo(json.dumps({**document, "warnings": [{"text": text} for text in listener.warnings]}))


def _left(seconds: float) -> str:
    return "" if seconds == float("inf") else f"{int(seconds) // 60}:{int(seconds) % 60:02} left"


def asking(listener: Listener, *, asked: bool) -> Callable[[str], bool]:
    """Whether weights may be downloaded: yes where that was typed; else a person is asked, and a script is told no.

    Args:
        listener: its progress bar makes room for the question.
        asked: the command names the weights.
    """

    def answer(question: str) -> bool:
        if asked:
            return True
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            return False
        with listener.paused():
            return click.confirm(question, default=False, err=True)

    return answer
