"""Kernels that the page offers, and where the numbers of one filter lie in a weight."""

from __future__ import annotations

import numpy as np
from tests.made.page_sessions import run_session
from tests.node import NEEDS_NODE, run_module

from hubel.arithmetic.kernels import KERNELS

pytestmark = NEEDS_NODE


def test_the_kernels_with_a_name_are_those_of_the_command_line():
    found = run_module("""
        import { KERNEL_CHOICES } from "./views/edit_kernels.js";
        console.log(JSON.stringify(Object.fromEntries(given.map((id) => [id, KERNEL_CHOICES[id]?.make(3, 3)]).filter(([, made]) => made))));
    """, given=list(KERNELS))  # fmt: skip
    assert set(found) == {"sobel-x", "sobel-y", "box", "gaussian", "sharpen", "edge", "identity"}
    for name, rows in found.items():
        np.testing.assert_allclose(rows, KERNELS[name].weights, rtol=1e-15, err_msg=name)


def test_a_small_kernel_stands_in_the_middle_of_a_larger_one():
    found = run_module("""
        import { KERNEL_CHOICES } from "./views/edit_kernels.js";
        console.log(JSON.stringify([[5, 5], [3, 7], [4, 4]].map(([rows, columns]) => KERNEL_CHOICES["sobel-x"].make(rows, columns))));
    """)
    for made, (above, before) in zip(found, ((1, 1), (0, 2), (0, 0)), strict=True):
        expected = np.zeros(np.shape(made))
        expected[above : above + 3, before : before + 3] = KERNELS["sobel-x"].weights
        np.testing.assert_array_equal(made, expected)


def test_random_kernels_are_those_of_their_seed_as_wide_as_the_old_and_a_kernel_can_be_as_strong_as_another():
    found = run_module("""
        import { KERNEL_CHOICES, asStrongAs } from "./views/edit_kernels.js";
        const old = Array.from({ length: 40 }, (_, row) => Array.from({ length: 40 }, (_, column) => 0.3 * Math.sin(row * 40 + column)));
        const make = (seed) => KERNEL_CHOICES.random.make(40, 40, old, seed);
        console.log(JSON.stringify({ old, made: make(1), again: make(1), other: make(2), strong: asStrongAs([[1, 2], [3, -4]], old) }));
    """)
    assert found["made"] == found["again"] != found["other"]
    old, made = np.array(found["old"]), np.array(found["made"])
    assert abs(made.mean()) < 0.02  # of 1600 numbers: 4 standard errors
    assert abs(made.std() / np.sqrt((old**2).mean()) - 1) < 0.08
    np.testing.assert_allclose(np.square(found["strong"]).sum(), np.square(old).sum(), rtol=1e-12)
    np.testing.assert_allclose(np.divide(found["strong"], found["strong"][0][0]), [[1, 2], [3, -4]], rtol=1e-12)


def test_one_slice_of_a_filter_lies_where_keras_has_it_for_every_kind_of_kernel():
    rng = np.random.default_rng(5)
    kernels = {
        "convolution": (rng.normal(size=(3, 2, 4, 6)), {"groups": 2}),
        "depthwise_convolution": (rng.normal(size=(3, 2, 4, 2)), {}),
        "local_convolution": (rng.normal(size=(5, 4, 3, 2, 3, 6)), {}),
        "dense": (rng.normal(size=(7, 6)), {}),
    }
    found = run_module("""
        import { kernelLayout, readSlice, withSlices } from "./views/edit_kernels.js";
        console.log(JSON.stringify(given.map(([kind, shape, data, attributes]) => {
          const layout = kernelLayout({ kind, attributes }, shape), slice = layout.slices - 1, place = { filter: 5, slice, at: [4, 2] };
          const changed = withSlices(layout, data, place, (rows) => rows.map((row) => row.map(() => 9)));
          const all = withSlices(layout, data, { ...place, slice: "all" }, (rows) => rows.map((row) => row.map(() => 9)));
          return { read: readSlice(layout, data, place), mean: readSlice(layout, data, { ...place, slice: "all" }), input: layout.input(5, slice), changed: Array.from(changed), all: Array.from(all) };
        })));
    """, given=[(kind, kernel.shape, kernel.ravel().tolist(), attributes) for kind, (kernel, attributes) in kernels.items()])  # fmt: skip
    parts = {  # of filter 5: all its slices [height, width, slices], as views of the kernel
        "convolution": lambda kernel: kernel[..., 5],
        "depthwise_convolution": lambda kernel: kernel[:, :, 2:3, 1],
        "local_convolution": lambda kernel: kernel[4, 2, ..., 5],
        "dense": lambda kernel: kernel[None, None, :, 5],
    }
    inputs = {"convolution": 4 + 3, "depthwise_convolution": 2, "local_convolution": 2, "dense": 6}
    for (kind, (kernel, _)), made in zip(kernels.items(), found, strict=True):
        part = parts[kind](kernel)
        np.testing.assert_array_equal(made["read"], part[..., -1], err_msg=kind)
        np.testing.assert_allclose(made["mean"], part.mean(axis=-1), rtol=1e-12, atol=1e-15, err_msg=kind)
        assert made["input"] == inputs[kind]
        for name, where in (("changed", np.s_[..., -1:]), ("all", np.s_[:])):
            expected = kernel.copy()
            parts[kind](expected)[where] = 9
            np.testing.assert_array_equal(made[name], expected.astype(np.float32).ravel(), err_msg=f"{kind} {name}")


def test_a_filter_hands_on_what_lies_behind_its_normalisation_and_activation():
    found = run_session("""
        import { chainOf, kernelStepOf, layersWithKernel, makesLogits } from "./session/chains.js";
        const names = ["conv1", "norm1", "relu1", "pool1", "sum", "dense1", "logits", "rescaling"];
        show({ kernels: names.map((name) => kernelStepOf(session, name)), layers: layersWithKernel(session).map(({ layer }) => layer),
               handed: ["conv1", "conv2", "depthwise", "dense1"].map((name) => chainOf(session, name).at(-1)),
               logits: ["conv1", "dense1", "logits"].map((name) => makesLogits(session, name)) });
    """)
    assert found["kernels"] == ["conv1", "conv1", "conv1", "conv1", "conv2", "dense1", "logits", None]
    assert found["layers"] == ["conv1", "conv2", "depthwise", "dense1", "logits"]
    assert found["handed"] == ["relu1", "conv2/relu", "depthwise", "dense1/relu"]
    assert found["logits"] == [False, False, True]
