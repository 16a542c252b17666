"""Kernels edited, filters switched off and images painted over in the page, as a person does it; Keras says what must come out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import CUT, FAINT, NEEDS_BROWSER, WIDTHS, Browser
from tests.made.pages import HEIGHT, WIDTH, tiny_images, tiny_model, tiny_page, tiny_parts, tiny_weights

from hubel.architectures.build import weight_name
from hubel.arithmetic.kernels import KERNELS

pytestmark = NEEDS_BROWSER
ANSWERED = "document.getElementById('images').textContent.includes('%')"
CHANGES = "(document.querySelector('.edit-badge:not([hidden]) a') || {}).textContent"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder = tmp_path_factory.mktemp("edits")
    browser = Browser(folder)
    browser.open(tiny_page(folder), offline=True)
    browser.until(ANSWERED)
    yield browser
    browser.close()


@pytest.fixture
def fresh(page: Browser) -> Browser:
    """The page with nothing edited and its first image as it was."""
    page.run(
        "for (const button of document.querySelectorAll('button')) if (/^(Restore all|Back to the original)$/.test(button.textContent)) button.click()"
    )
    page.until(f"!{CHANGES}")
    return page


def layer(page: Browser, name: str) -> np.ndarray:
    script = f"hubel.ready.then(() => hubel.layer({json.dumps(name)})).then(({{ shape, data }}) => [shape, Array.from(data)])"
    shape, data = page.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)["result"][
        "value"
    ]
    return np.array(data, np.float32).reshape(shape)


def click(page: Browser, selector: str) -> None:
    page.run(f"document.querySelector({json.dumps(selector)}).click()")


def press(page: Browser, text: str) -> None:
    page.run(
        f"Array.from(document.querySelectorAll('button')).find((each) => each.checkVisibility() && each.textContent === {json.dumps(text)}).click()"
    )


def go(page: Browser, view: str) -> None:
    page.run(f"location.hash = '#{view}'")
    page.until(f"document.querySelector('.{view}-panels')?.checkVisibility()")


def in_keras(change: Any = None, name: str = "logits") -> np.ndarray:
    """A layer's value of the first image in Keras, after a change of the weights: name → array, in place."""
    from hubel.backends.framework import keras

    model, weights = tiny_model(), tiny_weights(tiny_parts()[0]["tensors"])
    if change:
        change(weights)
    for each in model.weights:
        each.assign(weights[weight_name(each)])
    values = keras.Model(model.input, model.get_layer(name).output)(tiny_images()[:1].astype(np.float32))
    return np.asarray(keras.ops.convert_to_numpy(values))[0]


def test_a_kernel_that_becomes_sobel_changes_map_and_answer_as_in_keras_and_undo_gives_the_very_same_logits(
    fresh: Browser,
):
    go(fresh, "edit")
    before = layer(fresh, "logits")
    fresh.until("document.querySelectorAll('.edit-grid input').length === 9")
    click(fresh, "[data-kernel='sobel-x']")
    fresh.until(f"{CHANGES} === 'edited: 1 change'")

    def sobel(weights: dict[str, np.ndarray]) -> None:
        weights["conv1/kernel"][:, :, 0, 0] = KERNELS["sobel-x"].weights

    np.testing.assert_allclose(layer(fresh, "conv1"), in_keras(sobel, "conv1"), atol=1e-4)
    edited = layer(fresh, "logits")
    np.testing.assert_allclose(edited.ravel(), in_keras(sobel), atol=1e-3)
    np.testing.assert_allclose(before.ravel(), in_keras(), atol=1e-3)
    assert np.abs(edited - before).max() > 0.01
    shown = fresh.run("Array.from(document.querySelectorAll('.edit-grid input'), (each) => Number(each.value))")
    np.testing.assert_array_equal(np.reshape(shown, (3, 3)), KERNELS["sobel-x"].weights)
    press(fresh, "Undo")
    fresh.until(f"!{CHANGES}")
    assert layer(fresh, "logits").tobytes() == before.tobytes()
    press(fresh, "Redo")
    fresh.until(f"{CHANGES} === 'edited: 1 change'")
    assert layer(fresh, "logits").tobytes() == edited.tobytes()


def test_a_number_typed_into_the_grid_is_one_change_and_reaches_the_network(fresh: Browser):
    go(fresh, "edit")
    fresh.until("document.querySelectorAll('.edit-grid input').length === 9")
    fresh.run("""for (const text of ["1", "1.2", "1.5"]) {
        const input = document.querySelectorAll(".edit-grid input")[4];
        input.value = text;
        input.dispatchEvent(new Event("input"));
    }""")
    fresh.until(f"{CHANGES} === 'edited: 1 change'")

    def typed(weights: dict[str, np.ndarray]) -> None:
        weights["conv1/kernel"][1, 1, 0, 0] = 1.5

    np.testing.assert_allclose(layer(fresh, "logits").ravel(), in_keras(typed), atol=1e-3)


def test_a_filter_that_is_off_hands_on_zeros_as_where_keras_scales_its_normalisation_to_nothing(fresh: Browser):
    go(fresh, "edit")
    fresh.until("document.querySelector('[data-filter=\"3\"] canvas').width > 1")
    click(fresh, '[data-filter="3"]')
    fresh.until(f"{CHANGES} === 'edited: 1 change'")

    def off(weights: dict[str, np.ndarray]) -> None:
        weights["norm1/gamma"][3] = weights["norm1/beta"][3] = 0

    assert not layer(fresh, "relu1")[..., 3].any()
    assert layer(fresh, "relu1")[..., :3].any()
    np.testing.assert_allclose(layer(fresh, "logits").ravel(), in_keras(off), atol=1e-3)
    fresh.until("""document.querySelector("[data-filter='3']").getAttribute("aria-pressed") === "true" """)
    click(fresh, '[data-filter="3"]')
    fresh.until(f"!{CHANGES}")


def test_the_ranking_and_the_examples_say_what_they_found(fresh: Browser):
    go(fresh, "edit")
    press(fresh, "Which filter matters most here?")
    fresh.until("document.querySelectorAll('.edit-ranked tbody tr').length === 4")
    points = fresh.run(
        "Array.from(document.querySelectorAll('.edit-ranked tbody tr td:nth-child(3)'), (each) => Number(each.textContent.replace('\\u2212', '-')))"
    )
    assert [abs(each) for each in points] == sorted((abs(each) for each in points), reverse=True)
    assert abs(points[0]) > 0
    click(fresh, "[data-kernel='zero']")
    press(fresh, "Try all example images")
    fresh.until(
        "/of 6 images gets? another answer. Right as trained: \\d; right now: \\d\\./.test(document.querySelector('.edit-examples [role=status]').textContent)"
    )


def test_a_stroke_reaches_the_network_and_the_way_back_gives_the_very_same_logits(fresh: Browser):
    go(fresh, "paint")
    fresh.until(f"document.querySelector('.paint-canvas').width === {WIDTH}")
    before = layer(fresh, "logits")
    fresh.run(f"""(() => {{
        const canvas = document.querySelector(".paint-canvas"), box = canvas.getBoundingClientRect();
        const send = (type, [row, column]) => canvas.dispatchEvent(new PointerEvent(type, {{ bubbles: true, button: 0, pointerId: 1,
            clientX: box.left + (column + 0.5) / {WIDTH} * box.width, clientY: box.top + (row + 0.5) / {HEIGHT} * box.height }}));
        canvas.setPointerCapture = () => {{}};
        canvas.hasPointerCapture = () => true;
        send("pointerdown", [3, 2]);
        for (let column = 3; column < 9; column++) send("pointermove", [3, column]);
        send("pointerup", [3, 8]);
    }})()""")
    fresh.until("document.querySelector('.paint-answer .edit-says').textContent.startsWith('The answer')")
    painted = tiny_images()[0].copy()
    painted[3, 2:9] = 255
    np.testing.assert_allclose(layer(fresh, "rescaling"), painted / 127.5 - 1, atol=1e-5)
    press(fresh, "Undo")
    fresh.until("document.querySelector('.paint-answer .edit-says').textContent.startsWith('The original')")
    assert layer(fresh, "logits").tobytes() == before.tobytes()


def test_arrow_keys_move_the_image_and_shifts_are_drawn(fresh: Browser):
    go(fresh, "paint")
    fresh.until(f"document.querySelector('.paint-canvas').width === {WIDTH}")
    click(fresh, "[data-tool=move]")
    fresh.run("""for (const key of ["ArrowRight", "ArrowRight", "ArrowUp"])
        document.querySelector(".paint-canvas").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }))""")
    fresh.until(
        "document.querySelector('[data-change=right]').value === '2' && document.querySelector('.paint-answer .edit-says').textContent.startsWith('The answer')"
    )
    image = tiny_images()[0]
    expected = np.pad(image, ((0, 1), (2, 0), (0, 0)), mode="edge")[1:, :WIDTH]
    np.testing.assert_allclose(layer(fresh, "rescaling"), expected / 127.5 - 1, atol=1e-5)
    press(fresh, "Shift it by 1 to 8 pixels")
    fresh.until("document.querySelectorAll('.paint-plot circle').length === 34")


@pytest.mark.parametrize("dark", [False, True])
def test_words_and_controls_can_be_read_at_every_width(page: Browser, dark: bool):
    page.call(
        "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
    )
    for view in ("edit", "paint"):
        go(page, view)
        assert page.run(FAINT.replace("body *:not", f"#view-{view} *:not")) == []
        for width in WIDTHS:
            page.call(
                "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
            )
            assert page.run("document.documentElement.scrollWidth <= innerWidth"), (view, width)
    page.call("Emulation.setDeviceMetricsOverride", width=1400, height=800, deviceScaleFactor=1, mobile=False)


def test_names_of_any_kind_are_text_and_fit(page: Browser, tmp_path: Path):
    trouble = page.troubles()
    names = ("<img src=x onerror=alert(1)>", "\u202eabc" + "W" * 300, "__proto__")
    page.open(tiny_page(tmp_path, class_names=names), width=360, offline=True)
    page.until(ANSWERED)
    for view in ("edit", "paint"):
        go(page, view)
        page.until(f"document.querySelectorAll('#view-{view} .paired tbody tr').length === 3")
        shown = page.run(
            f"Array.from(document.querySelectorAll('#view-{view} .paired tbody th'), (each) => each.textContent)"
        )
        assert sorted(shown) == sorted(names)
        assert page.run(CUT.replace('"body *', f'"#view-{view} *')) == []
        assert page.run("document.documentElement.scrollWidth <= innerWidth")
    assert trouble + page.troubles() == []
    assert not page.run("document.querySelector('#stage img[src=x]')")
