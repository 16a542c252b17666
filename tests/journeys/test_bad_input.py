"""Bad input: a clear sentence, the right exit code, no traceback, and nothing lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from tests.commands import fresh, typed
from tests.conftest import environment, speckled, write_image


def check(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr
    assert done.stdout == ""


def test_a_missing_corpus(tmp_path: Path):
    check(
        typed("train", tmp_path / "nothing", "-o", tmp_path / "run"), 3, "There is no file or folder", "class folders"
    )
    assert not (tmp_path / "run/metrics.json").exists()


def test_an_empty_folder(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    check(typed("train", tmp_path / "empty", "-o", tmp_path / "run"), 3, "has no class folders")


def test_one_class_only(tmp_path: Path):
    for number in range(5):
        write_image(tmp_path / "photos/cat" / f"{number}.png", np.zeros((8, 8, 3), np.uint8))
    check(typed("train", tmp_path / "photos", "-o", tmp_path / "run"), 3, "at least two classes", "'cat'")


def test_only_unreadable_files(tmp_path: Path):
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(4):
            (tmp_path / "photos" / name / f"{number}.jpg").write_bytes(b"")
    check(
        typed("train", tmp_path / "photos", "-o", tmp_path / "run"),
        3,
        "None of the 8 images",
        "8 empty",
        "'cat/0.jpg'",
    )


def test_one_readable_class_only_says_why_the_other_is_gone(colours: Path, tmp_path: Path):
    for name in ("green", "blue"):
        for path in (colours / name).iterdir():
            path.write_bytes(b"")
    done = typed("train", colours, "-o", tmp_path / "run")
    check(done, 3, "has only 'red'. 40 images could not be read. First: 'blue/00.png': the file has no bytes")


def test_a_file_instead_of_a_folder(tmp_path: Path):
    (tmp_path / "photo.jpg").write_bytes(b"x")
    check(typed("train", tmp_path / "photo.jpg", "-o", tmp_path / "run"), 3, "is a single image, not a corpus")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--architecture", "resnet"), "There is no architecture named 'resnet'. "),
        (("--architecture", "residul"), "Did you mean 'residual'?"),
        (("--image-size", "-3"), "from 1 to 1,024. Received: -3"),
        (("--image-size", "big"), "takes a whole number, such as --image-size 96. Received: 'big'"),
        (("--epochs", "0"), "--epochs must be a whole number from 1"),
        (("--time-limit", "soon"), "a number with s, m or h: 90s, 5m, 2h. Received: 'soon'"),
        (("--time-limit", "1s"), "from 10 seconds"),
        (("--resize", "stretch"), "squash, crop, pad. Received: 'stretch'"),
        (("--seed", "-1"), "--seed must be a whole number from 0"),
        (("--batch-size", "0"), "--batch-size must be a whole number from 1"),
        (("--learning-rate", "0"), "--learning-rate must be above 0"),
        (("--architecture", "small-cnn", "--weights", "imagenet"), "small-cnn has no pretrained weights"),
        (("--architecture", "mobilenet", "--image-size", "16"), "mobilenet needs images of at least 32 pixels"),
        (("--architecture", "small-cnn", "--alpha", "0.5"), "small-cnn comes in one width"),
        (("--nonsense",), "No such option"),
    ],
)
def test_wrong_words_say_what_is_allowed(tmp_path: Path, words: tuple[str, ...], said: str):
    check(typed("train", "digits", "-o", tmp_path / "run", *words), 2, said)
    assert not list((tmp_path / "run").glob("*"))


def test_an_unknown_command():
    check(typed("trian", "digits"), 2, "No such command 'trian'")


def test_an_output_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    check(typed("train", "digits", "-o", tmp_path / "file"), 3, "Cannot write", "Write elsewhere: -o PATH.")
    check(typed("train", "digits", "-o", tmp_path / "file/run"), 3, "Cannot write", "Write elsewhere: -o PATH.")
    assert (tmp_path / "file").read_text() == "mine"


def test_weights_that_are_nowhere(colours: Path, tmp_path: Path):
    done = typed(
        "train", colours, "-o", tmp_path / "run", "--architecture", "mobilenet", "--weights", tmp_path / "no.h5"
    )
    check(done, 3, "There is no weights file", "no.h5'. Give imagenet, none, or a Keras weights file.")


def test_imagenet_weights_offline_say_how_to_go_on(colours: Path, tmp_path: Path):
    # In a process of its own, since Keras looks for its home when it is imported. A proxy that nothing listens on: the download fails as it does without a network.
    offline = {
        "KERAS_HOME": str(tmp_path / "keras"),
        "https_proxy": "http://127.0.0.1:9",
        "HTTPS_PROXY": "http://127.0.0.1:9",
    }
    done = fresh("train", colours, "-o", tmp_path / "run", "--weights", "imagenet", **offline)
    check(done, 3, "not on this machine and cannot be downloaded", "--weights none", "KERAS_HOME")


def test_predicting_what_is_not_there(tmp_path: Path):
    (tmp_path / "x.jpg").write_bytes(b"x")
    check(typed("predict", tmp_path, tmp_path / "x.jpg"), 3, "holds no classifier")


def test_evaluating_what_is_no_run(tmp_path: Path):
    check(typed("evaluate", tmp_path), 3, "holds no classifier")


def test_debug_shows_the_traceback(tmp_path: Path):
    done = typed("train", tmp_path / "nothing", "-o", tmp_path / "run", "--debug")
    assert done.returncode == 3
    assert "Traceback" in done.stderr


def test_a_file_of_the_user_in_the_run_folder_stays(colours: Path, tmp_path: Path):
    out = tmp_path / "run"
    out.mkdir()
    (out / "thesis.txt").write_text("mine")
    for more in ((), ("--overwrite",)):
        done = typed(
            "train", colours, "-o", out, "--epochs", 1, "--architecture", "small-cnn", "--image-size", 8, *more
        )
        assert done.returncode == 0, done.stderr
    assert (out / "thesis.txt").read_text() == "mine"


def test_a_corpus_that_cannot_be_written_to_is_enough(colours: Path, tmp_path: Path):
    before = sorted(colours.rglob("*"))
    for path in (*before, colours):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = typed(
        "train", colours, "-o", tmp_path / "run", "--epochs", 1, "--architecture", "small-cnn", "--image-size", 8
    )
    for path in (*before, colours):
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert done.returncode == 0, done.stderr
    assert sorted(colours.rglob("*")) == before


def test_ctrl_c_keeps_the_best_epoch_and_says_so(colours: Path, tmp_path: Path):
    words = ["train", str(colours), "-o", str(tmp_path / "run"), "--epochs", "5000", "--architecture", "small-cnn"]
    with subprocess.Popen(
        [sys.executable, "-m", "hubel", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        # A shell that starts a job in the background has it ignore Ctrl-C; the test wants the terminal's behaviour.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  (no thread runs here)
    ) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if line.startswith("epoch") and int(line.split()[1]) >= 3:
                    process.send_signal(signal.SIGINT)
                    break
            stdout, stderr = process.communicate(timeout=120)
        finally:
            process.kill()
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "You stopped the training" in stdout
    assert f"hubel train {colours} -o {tmp_path / 'run'} --architecture small-cnn --epochs 5000 --resume" in stdout
    assert stderr.endswith("--architecture small-cnn --epochs 5000 --resume\n")
    assert json.loads((tmp_path / "run/run.json").read_text())["status"] == "interrupted"
    assert typed("predict", tmp_path / "run", colours / "red/00.png").returncode == 0


def test_output_into_a_closed_pipe_is_no_error(colours: Path, tmp_path: Path):
    typed("train", colours, "-o", tmp_path / "run", "--epochs", 1, "--architecture", "small-cnn", "--image-size", 8)
    command = f'{sys.executable} -m hubel predict "{tmp_path / "run"}" "{colours}" --format jsonl | head -1'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, env=environment(), check=False
    )
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr
    assert len(done.stdout.splitlines()) == 1


def test_help_is_quick_and_loads_no_framework():
    code = (
        "import sys; from hubel.cli.main import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "heavy = {'keras', 'tensorflow', 'jax', 'torch', 'numpy', 'PIL', 'rich', 'sklearn', 'pyarrow'} & set(sys.modules)\n"
        "sys.stderr.write(' '.join(sorted(heavy)))"
    )
    for words in (["--help"], ["--version"], ["train", "--help"], ["evaluate", "--help"], ["predict", "--help"]):
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
        assert done.stdout
        assert done.stderr == "", (words, done.stderr)


def test_importing_hubel_loads_no_framework():
    code = (
        "import sys, hubel; assert not {'keras', 'tensorflow', 'jax', 'torch', 'numpy'} & set(sys.modules); dir(hubel)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_backend_is_named(tmp_path: Path):
    done = fresh("train", "digits", "-o", tmp_path / "run", KERAS_BACKEND="theano")
    check(done, 2, "KERAS_BACKEND must be one of tensorflow, jax, torch. Received: 'theano'")


def test_progress_and_messages_never_reach_standard_output(colours: Path, tmp_path: Path):
    words = ("--epochs", 1, "--architecture", "small-cnn", "--image-size", 8, "--json")
    done = typed("train", colours, "-o", tmp_path / "run", *words)
    document = json.loads(done.stdout)
    assert document.pop("run") == str(tmp_path / "run")
    assert {f"Note: {warning['text']}" in done.stderr for warning in document.pop("warnings")} <= {True}
    assert document == json.loads((tmp_path / "run/metrics.json").read_text())
    assert "\x1b" not in done.stderr  # no terminal, no escape codes


def test_odd_class_names_survive_to_the_prediction(tmp_path: Path):
    rng = np.random.default_rng(0)
    names = {"<b>[red]</b>": (200, 30, 30), "__proto__": (30, 200, 30), "ünï\tcode": (30, 30, 200)}
    for name, colour in names.items():
        for number in range(12):
            write_image(tmp_path / "photos" / name.replace("/", "∕") / f"{number}.png", speckled(colour, rng=rng))
    done = typed(
        "train",
        tmp_path / "photos",
        "-o",
        tmp_path / "run",
        "--epochs",
        3,
        "--architecture",
        "small-cnn",
        "--image-size",
        8,
    )
    assert done.returncode == 0, done.stderr
    assert "[red]" in done.stdout
    classes = json.loads((tmp_path / "run/metrics.json").read_text())["classes"]
    assert classes == sorted(name.replace("/", "∕") for name in names)
    (answer,) = json.loads(
        typed("predict", tmp_path / "run", tmp_path / "photos" / "__proto__" / "0.png", "--json").stdout
    )
    assert set(answer["probabilities"]) == set(classes)


def test_the_module_runs_like_the_command():
    done = subprocess.run([sys.executable, "-m", "hubel", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("hubel, version ")


def test_a_class_of_copies_of_one_image_trains_without_a_test_and_says_so(tmp_path: Path):
    rng = np.random.default_rng(0)
    for name in ("cat", "dog"):
        image = speckled((100, 100, 100), rng=rng)
        for number in range(6):
            write_image(tmp_path / "photos" / name / f"{number}.png", image)
    done = typed("train", tmp_path / "photos", "-o", tmp_path / "run", "--epochs", 2, "--architecture", "small-cnn")
    assert done.returncode == 0, done.stderr
    assert "No test example of 'cat', 'dog'" in done.stderr
    assert "There are no test images: the classifier has no score." in done.stdout
    assert json.loads((tmp_path / "run/metrics.json").read_text())["test"] == {"examples": 0}


def test_a_time_limit_too_short_for_the_corpus_is_said(colours: Path, tmp_path: Path):
    from hubel.events import Message
    from hubel.runs.request import TrainRequest
    from hubel.workflows.training.train import train_classifier

    heard: list[object] = []
    request = TrainRequest(colours, tmp_path / "run", architecture="small-cnn", image_size=8, time_limit_s=60)
    run = train_classifier(request, started=time.monotonic() - 100, on_event=heard.append)
    said = [str(event.text) for event in heard if isinstance(event, Message)]
    assert any("s of the 60 s: the training will end late. Use a longer time_limit." in text for text in said)
    assert run.metrics["time"]["total_s"] < 130  # it does its least and stops


def test_a_run_folder_inside_the_corpus_is_refused(colours: Path):
    before = sorted(colours.rglob("*"))
    check(typed("train", colours, "-o", colours / "run"), 2, "lies inside the corpus", "Choose a folder beside it")
    assert sorted(colours.rglob("*")) == before


def test_a_corpus_that_has_moved_is_said_and_can_be_named(colours: Path, tmp_path: Path):
    words = ("--epochs", 2, "--architecture", "small-cnn", "--image-size", 8)
    assert typed("train", colours, "-o", tmp_path / "run", *words).returncode == 0
    moved = colours.rename(tmp_path / "elsewhere")
    done = typed("evaluate", tmp_path / "run")
    check(done, 3, "which is no longer there. Say where it is now: ", f"hubel evaluate {tmp_path / 'run'} CORPUS")
    assert "digits" not in done.stderr  # no cure but the one that applies
    assert "class folders" not in done.stderr
    (moved / "red/cut.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    done = typed("evaluate", tmp_path / "run", moved, "--json")
    document = json.loads(done.stdout)
    tested = json.loads((tmp_path / "run/metrics.json").read_text())["test"]["examples"]
    assert document["left_out"] == {"trained_on": 60 - tested, "copies_of_trained_on": 0}
    assert document["all"]["examples"] == document["own_test_images"] == tested
    assert done.returncode == 4
    assert any("red/cut.png" in warning["text"] for warning in document["warnings"])


def test_a_damaged_classifier_is_refused_by_every_command(colours: Path, tmp_path: Path):
    words = ("--epochs", 1, "--architecture", "small-cnn", "--image-size", 8)
    assert typed("train", colours, "-o", tmp_path / "run", *words).returncode == 0
    weights = tmp_path / "run/classifier/weights.safetensors"
    data = bytearray(weights.read_bytes())
    data[len(data) // 2] ^= 1
    weights.write_bytes(data)
    check(
        typed("evaluate", tmp_path / "run"),
        3,
        "weights.safetensors has changed since it was written",
        "Copy the classifier",
    )
    check(typed("predict", tmp_path / "run", colours), 3, "weights.safetensors has changed since it was written")


def test_training_that_diverges_says_what_to_change(colours: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from hubel.errors import TrainingDiverged
    from hubel.pipeline import batches
    from hubel.runs.request import TrainRequest
    from hubel.workflows.training.train import train_classifier

    augment = batches.augment
    monkeypatch.setattr(batches, "augment", lambda *given, **more: augment(*given, **more) * np.inf)
    request = TrainRequest(colours, tmp_path / "run", architecture="small-cnn", image_size=8, epochs=2)
    with pytest.raises(
        TrainingDiverged,
        match=r"(The loss is nan|A weight is no longer a number) in step .*learning_rate=.* this folder again, add overwrite=True\.$",
    ):
        train_classifier(request)
    assert not (tmp_path / "run/classifier").exists()
    assert TrainingDiverged.exit_code == 5
