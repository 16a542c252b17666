"""T12: one training at a time in a folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hubel.errors import OutputNotWritable
from hubel.runs.run_folder import LOCK, locked

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no lock on Windows")

HOLDER = """
import sys, time
from pathlib import Path
from hubel.runs.run_folder import locked
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_second_is_refused_and_told_who_the_first_is(tmp_path: Path):
    with locked(tmp_path / "run"):
        holder = json.loads((tmp_path / "run" / LOCK).read_text())
        assert holder["pid"] == os.getpid()
        with (
            pytest.raises(
                OutputNotWritable,
                match=rf"is in use: process {os.getpid()} on {socket.gethostname()}, since {holder['started'][:13]}.*Or choose another folder with out",
            ),
            locked(tmp_path / "run"),
        ):
            pass
        assert (tmp_path / "run" / LOCK).is_file()  # the refused one leaves the lock where it is
    assert list((tmp_path / "run").iterdir()) == []
    with locked(tmp_path / "run"):
        pass


def test_it_is_given_back_after_an_error(tmp_path: Path):
    with pytest.raises(RuntimeError), locked(tmp_path / "run"):
        raise RuntimeError
    assert list((tmp_path / "run").iterdir()) == []


def test_a_killed_program_leaves_no_lock_behind_only_a_file(tmp_path: Path):
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(OutputNotWritable, match=f"process {process.pid} on"), locked(tmp_path):
            pass
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / LOCK).is_file()
    with locked(tmp_path):
        assert json.loads((tmp_path / LOCK).read_text())["pid"] == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_says_nothing_is_no_obstacle_and_no_traceback(tmp_path: Path):
    (tmp_path / LOCK).write_text("")
    with locked(tmp_path):
        (tmp_path / LOCK).write_text("")
        with pytest.raises(OutputNotWritable, match="another process, is training into it"), locked(tmp_path):
            pass
