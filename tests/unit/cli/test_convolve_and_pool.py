"""``hubel convolve`` and ``hubel pool`` as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hubel.cli.main import main

GOLDEN = [[1.0, 1.2, 1.1, 0.9], [2.1, 2.7, 2.5, 1.9], [1.0, 2.1, 2.4, 1.4], [1.0, 1.8, 2.0, 1.8]]


@pytest.fixture
def hubel(capsys: pytest.CaptureFixture[str]):
    """Type a command; get its exit code, standard output and standard error."""

    def typed(*words: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        code = end.value.code
        said = capsys.readouterr()
        return code if isinstance(code, int) else 0, said.out, said.err

    return typed


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "photo.png")
    return tmp_path / "photo.png"


def test_the_worked_example_is_the_default(hubel):
    code, out, _ = hubel("convolve", "--json")
    document = json.loads(out)
    assert code == 0
    np.testing.assert_allclose(document["result"], GOLDEN, rtol=0, atol=1e-12)
    assert [(step["row"], step["column"]) for step in document["steps"][:5]] == [(0, 0), (0, 1), (0, 2), (0, 3), (1, 0)]
    assert document["steps"][4]["window"] == [[0.2, 0.8, 0], [0.2, 0.9, 0], [0.3, 0.8, 0.7]]
    assert document["steps"][4]["products"] == [[0.2, 0, 0], [0, 0.9, 0], [0.3, 0, 0.7]]
    assert document["steps"][4]["sum"] == pytest.approx(2.1, abs=1e-12)
    assert document["kernel"] == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_the_terminal_shows_matrix_kernel_result_and_one_window_worked_out(hubel):
    code, out, _ = hubel("convolve")
    assert code == 0
    assert "0.2  0.8    0  0.3  0.6    0     0  1  0            2.1  2.7  2.5  1.9" in out
    assert "result[1][0] = 0.2·1 + 0.8·0 + 0·1 + 0.2·0 + 0.9·1 + 0·0 + 0.3·1 + 0.8·0 + 0.7·1 = 2.1" in out
    assert "hubel convolve --steps" in out


def test_the_steps_mark_the_window_without_colour(hubel):
    _, out, _ = hubel("convolve", "--steps")
    assert out.count("Window ") == 16
    block = out.split("Window 5 of 16")[1].split("Window 6")[0]
    assert "[0.2][0.8][  0] 0.3  0.6    0 " in block
    assert "  0.3    0  0.7" in block
    assert block.rstrip().endswith("= 2.1")


def test_steps_with_padding_and_dilation_show_where_the_taps_are(hubel):
    _, out, _ = hubel(
        "convolve", "--matrix", "1,2,3;4,5,6;7,8,9", "--padding", "same", "--dilation", "2", "--steps", "--bias", "1"
    )
    first = out.split("Window 1 of 9")[1].split("Window 2")[0]
    assert "[·] · [·] · [·]" in first
    assert "[·] · [1] 2 [3] ·  ·      0  1  0" in first
    assert "1·1 + 3·0 + 0·1 + 7·0 + 9·1 + 1 bias = 11" in first


def test_pooling_in_json_and_text(hubel):
    _, out, _ = hubel("pool", "--json", "--mode", "average")
    document = json.loads(out)
    assert document["mode"] == "average"
    assert document["window"] == [2, 2]
    assert document["result"][0][0] == pytest.approx((0.2 + 0.8) / 4)
    assert document["steps"][0]["window"] == [[0, 0], [0.2, 0.8]]
    assert document["steps"][0]["value"] == document["result"][0][0]
    _, out, _ = hubel("pool", "--steps")
    assert "result[0][0] = max(0, 0, 0.2, 0.8) = 0.8" in out
    assert out.count("Window ") == 9


def test_stride_of_the_window_unless_another_is_given(hubel):
    assert len(json.loads(hubel("pool", "--json", "--window", "3")[1])["result"]) == 2
    assert len(json.loads(hubel("pool", "--json", "--window", "3", "--stride", "1,2")[1])["result"]) == 4


def test_a_photograph_is_summarised_and_its_map_written(hubel, photo: Path, tmp_path: Path):
    code, out, err = hubel("convolve", "--matrix", photo, "--kernel", "sobel-x", "-o", tmp_path / "edges.png")
    assert code == 0
    assert max(len(line) for line in out.split("Next")[0].splitlines()) < 180
    assert "matrix (40 x 50)" in out
    assert "--region TOP,LEFT,HEIGHT,WIDTH picks a part" in out
    assert "38 x 48 pixels; black is -" in err
    with Image.open(tmp_path / "edges.png") as image:
        assert image.size == (48, 38)


def test_all_channels_are_summed_and_each_sum_is_shown(hubel, photo: Path):
    words = ("convolve", "--matrix", photo, "--region", "3,4,4,4", "--channel", "all", "--relu")
    document = json.loads(hubel(*words, "--json")[1])
    pixels = np.asarray(Image.open(photo))[3:7, 4:8] / 255
    cross = np.array(document["kernel"])[..., None]
    expected = max(0.0, (pixels[1:4, 0:3] * cross).sum())
    assert document["result"][1][0] == pytest.approx(expected)
    _, out, _ = hubel(*words, "--steps")
    assert out.count("  red: ") == 4
    assert "ReLU(" in out


def test_a_large_matrix_is_offered_what_it_can_have(hubel, photo: Path):
    _, out, _ = hubel("pool", "--matrix", photo, "--window", "1")
    assert "--window 1 -o result.png" in out
    assert "--steps" not in out


@pytest.mark.parametrize("ending", ["svg", "html", "gif"])
def test_animations_are_written_where_o_says(hubel, tmp_path: Path, ending: str):
    code, _, err = hubel("convolve", "-o", tmp_path / f"steps.{ending}")
    assert code == 0
    assert f"steps.{ending}: " in err
    assert (tmp_path / f"steps.{ending}").stat().st_size > 10_000


def test_json_and_an_image_at_once_leave_standard_output_to_json(hubel, tmp_path: Path):
    _, out, _ = hubel("pool", "--json", "-o", tmp_path / "steps.svg")
    assert json.loads(out)["mode"] == "max"
    assert (tmp_path / "steps.svg").exists()


def test_the_kernels_are_listed(hubel):
    assert "sobel-x" in hubel("convolve", "--list")[1]
    assert json.loads(hubel("convolve", "--list", "--json")[1])["x"]["kernel"] == [[1, 0, 1], [0, 1, 0], [1, 0, 1]]


def test_what_was_typed_is_repeated_in_what_to_type_next(hubel):
    _, out, _ = hubel("pool", "--mode", "sum", "--matrix", "1,2;3,4")
    assert "hubel pool --matrix '1,2;3,4' --mode sum --steps" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("convolve", "--matrix", "nothere.csv"), 3, "There is no file nothere.csv"),
        (("convolve", "--kernel", "sobel"), 2, "Did you mean 'sobel-"),
        (("convolve", "--stride", "0"), 2, "--stride takes one or two whole numbers of at least 1"),
        (("convolve", "--padding", "full"), 2, "Padding must be 'valid' or 'same'. Received: 'full'"),
        (("convolve", "--dilation", "3"), 2, "does not fit the matrix of 6x6: 1 too few in height and 1 too few"),
        (("convolve", "--region", "4,4,4,4"), 2, "not inside the 6x6 pixels there are"),
        (("convolve", "--bias", "nan"), 2, "--bias must be a finite number"),
        (("convolve", "-o", "steps.mp4"), 2, "ends in .svg, .html, .gif, .png"),
        (("pool", "-o", "steps"), 2, "ends in .svg, .html, .gif, .png"),
        (("pool", "--mode", "median"), 2, "one of max, average, sum. Received: 'median'"),
        (("pool", "--window", "7"), 2, "Pad (padding 'same'), or take a smaller one."),
        (("pool", "--channel", "red"), 2, "this matrix has one channel"),
    ],
)
def test_what_is_wrong_is_said_with_its_cure(hubel, words: tuple[str, ...], code: int, message: str):
    assert hubel(*words)[0] == code
    assert message in hubel(*words)[2]


def test_too_many_windows_are_refused_before_anything_is_written(hubel, tmp_path: Path):
    Image.new("L", (200, 200)).save(tmp_path / "large.png")
    for words in (("--steps",), ("--json",), ("-o", tmp_path / "steps.gif")):
        code, out, err = hubel("convolve", "--matrix", tmp_path / "large.png", *words)
        assert code == 2
        assert out == ""
        assert "--region" in err
    assert not (tmp_path / "steps.gif").exists()
