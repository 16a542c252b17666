"""How a step of training computes: as Keras has its layers do it, or quicker on a processor, with TensorFlow."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from hubel.backends.framework import BACKEND, keras, on_accelerator
from hubel.backends.mixed_precision import layers_of, maps_in_bfloat16

KERAS, FUSED, BFLOAT16 = "keras", "fused", "bfloat16"
"""Values of `hubel.training.recipe.Recipe.arithmetic`."""
LEFT_ALONE = ("HUBEL_STEPS", "ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")
"""Variables of the environment by which a user says how steps are computed; nothing is chosen for them then."""
INSTRUCTIONS = "avx512_bf16"
"""Of a processor that multiplies numbers of 16 bits, as Linux calls them: without them bfloat16 is slower."""


def quickest_arithmetic() -> str:
    """The quickest arithmetic on this machine for networks of convolutions and batch normalisation.

    Measured by ``benchmarks/bench_arithmetic.py``; docs/decisions/0043-arithmetic.md has the numbers.
    """
    if BACKEND != "tensorflow" or on_accelerator() or any(map(os.environ.get, LEFT_ALONE)):
        return KERAS
    if os.environ.get("TF_ENABLE_ONEDNN_OPTS") == "0":
        return KERAS
    return BFLOAT16 if has_bfloat16() else FUSED


def possible_arithmetic(wanted: str) -> str:
    """What was chosen on another machine, or the nearest to it that is quick on this one.

    Args:
        wanted: of a recipe.
    """
    order = (KERAS, FUSED, BFLOAT16)
    return min(wanted, quickest_arithmetic(), key=order.index)


@cache
def has_bfloat16() -> bool:
    """Whether the processor multiplies numbers in bfloat16; only Linux says so."""
    try:
        found = re.search(r"^flags\s*:(.*)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
    except (OSError, UnicodeDecodeError):
        return False
    return found is not None and INSTRUCTIONS in found[1].split()


@contextmanager
def computing(model: Any, arithmetic: str) -> Generator[None]:
    """Within it, steps of training compute so. Afterwards the model is as before, so that nothing of it is saved.

    Args:
        model: compiled, with a float32 policy.
        arithmetic: of a recipe.
    """
    with ExitStack() as stack:
        if arithmetic == BFLOAT16:
            stack.enter_context(maps_in_bfloat16(model, wanted=True))
        if arithmetic != KERAS:
            stack.enter_context(_fused_normalisation(model))
        yield


class _FusedNormalisation(keras.layers.BatchNormalization):
    """Keras' layer, which in training computes maps [batch, height, width, channels] in one operation of TensorFlow.

    Keras takes about ten, each of which reads and writes all of the maps. Maps of 16 bits stay so; scales, shifts and
    statistics are float32.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:  # noqa: FBT001 (Keras' own)
        is_plain = len(inputs.shape) == 4 and self.axis in (-1, 3) and self.scale and self.center and mask is None
        if not training or not self.trainable or not is_plain:
            return super().call(inputs, training=training, mask=mask)
        tensorflow = importlib.import_module("tensorflow")
        scale, shift = (tensorflow.convert_to_tensor(each) for each in (self.gamma, self.beta))
        maps, mean, variance = tensorflow.compat.v1.nn.fused_batch_norm(
            inputs, scale, shift, epsilon=self.epsilon, is_training=True
        )
        numbers = tensorflow.cast(tensorflow.math.reduce_prod(tensorflow.shape(inputs)[:3]), tensorflow.float32)
        variance *= (numbers - 1) / numbers  # of the batch itself, as Keras keeps it
        for kept, found in ((self.moving_mean, mean), (self.moving_variance, variance)):
            kept.assign(kept * self.momentum + found * (1 - self.momentum))
        return maps


@contextmanager
def _fused_normalisation(model: Any) -> Generator[None]:
    usual = keras.layers.BatchNormalization
    layers = [each for each in layers_of(model) if type(each) is usual]
    before = [(each.dtype_policy, each.autocast) for each in layers]
    try:
        for each in layers:  # float32, and what goes in stays as it is
            each.__class__, each.dtype_policy, each.autocast = _FusedNormalisation, "float32", False
        yield
    finally:
        for each, (policy, autocast) in zip(layers, before, strict=True):
            each.__class__, each.dtype_policy, each.autocast = usual, policy, autocast
