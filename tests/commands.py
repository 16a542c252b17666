"""Commands as a user types them: in this process, or in a process of their own."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from subprocess import CompletedProcess

import pytest

from hubel.cli.main import main


def typed(*words: object, stdin: str = "", **variables: str) -> CompletedProcess[str]:
    """Run a command in this process, where a framework is imported once for all.

    Its streams are text over bytes, as those of a process are, and no terminals. What a result must not depend on is not
    reset: the state of random generators, the names that Keras has given away, and what is kept in memory are as tests
    before it left them. Downloads and time limits are tried in a process of their own: Keras keeps the home folder that
    it found when it was imported, and a limit counts from the start of the process.

    Args:
        words: behind ``hubel``.
        stdin: what it reads from standard input.
        variables: of its environment, beside those that are set.

    Returns:
        Its exit code and what it wrote.

    Raises:
        AssertionError: it changed the folder that the process is in.
    """
    arguments = [str(word) for word in words]
    out, said = (
        io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors) for errors in ("strict", "backslashreplace")
    )
    folder = os.getcwd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["hubel", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        for name, value in variables.items():
            patch.setenv(name, value)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(said), pytest.raises(SystemExit) as left:
            main(arguments)
    assert os.getcwd() == folder
    return CompletedProcess(["hubel", *arguments], int(left.value.code or 0), text(out), text(said))


def text(stream: io.TextIOWrapper) -> str:
    """All that was written to a stream."""
    stream.flush()
    written = stream.detach()
    assert isinstance(written, io.BytesIO)
    return written.getvalue().decode()


def fresh(*words: object, stdin: str | None = None, **variables: str) -> CompletedProcess[str]:
    """Run a command in a process of its own: where that it starts from nothing, or how it ends, is the point.

    Args:
        words: behind ``hubel``.
        stdin: what it reads from standard input.
        variables: of its environment, beside those that are set.

    Returns:
        Its exit code and what it wrote.
    """
    return subprocess.run(
        [sys.executable, "-m", "hubel", *map(str, words)],
        capture_output=True,
        text=True,
        input=stdin,
        env={**os.environ, **variables},
        timeout=300,
        check=False,
    )
