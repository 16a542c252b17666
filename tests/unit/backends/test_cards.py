"""What frameworks are told of graphics cards before they compute; no card is needed to see it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.conftest import environment

from hubel.backends.framework import BACKEND
from hubel.backends.select import multiply_in_full

NAMES = (
    "XLA_PYTHON_CLIENT_PREALLOCATE", "XLA_FLAGS", "JAX_COMPILATION_CACHE_DIR",
    "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES",
)  # fmt: skip
SETTINGS = """
import json, os
from hubel.backends.select import select_backend
select_backend()
print(json.dumps({name: value for name, value in os.environ.items() if name.startswith(("XLA_", "JAX_"))}))
"""
COMPILES = """
import json
from hubel.backends.framework import keras
import jax, numpy as np
product = jax.jit(lambda x: x @ x)(np.eye(3, dtype=np.float32))
print(json.dumps([jax.config.jax_default_matmul_precision, float(product.sum())]))
"""


def printed_by(code: str, folder: Path, *packages: str, **variables: str) -> object:
    """What a fresh process prints, with folders of these names in place of packages."""
    for name in packages:
        (folder / name).mkdir()
    plain = {name: value for name, value in environment().items() if name not in NAMES}
    path = f"{plain.get('PYTHONPATH', '')}:{folder}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**plain, "PYTHONPATH": path, "KERAS_BACKEND": "jax", **variables},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_jax_takes_memory_as_it_needs_it_and_is_told_nothing_of_cards_where_it_can_drive_none(tmp_path: Path):
    assert printed_by(SETTINGS, tmp_path, "jax") == {"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}


def test_where_jax_can_drive_a_card_it_adds_in_a_fixed_order_and_keeps_what_it_compiled(tmp_path: Path):
    told = printed_by(SETTINGS, tmp_path, "jax", "jax_plugins", HUBEL_CACHE=str(tmp_path), XLA_FLAGS="--xla_dump_to=x")
    assert told == {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "XLA_FLAGS": "--xla_dump_to=x --xla_gpu_deterministic_ops=true",
        "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "compiled"),
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1",
    }


def test_what_the_user_set_stays(tmp_path: Path):
    own = {
        "XLA_PYTHON_CLIENT_PREALLOCATE": "true",
        "XLA_FLAGS": "--xla_gpu_deterministic_ops=false",
        "JAX_COMPILATION_CACHE_DIR": "elsewhere",
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "5",
    }
    assert printed_by(SETTINGS, tmp_path, "jax", "jax_plugins", **own) == own


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "jax", reason="of JAX")
def test_jax_multiplies_in_full_starts_with_its_flags_on_a_processor_and_keeps_what_it_compiled(tmp_path: Path):
    quick = {"HUBEL_CACHE": str(tmp_path / "cache"), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    assert printed_by(COMPILES, tmp_path, "jax_plugins", **quick) == ["highest", 3]
    assert list((tmp_path / "cache" / "compiled").iterdir())


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "jax", reason="of JAX")
def test_the_precision_that_the_user_chose_for_jax_stays(tmp_path: Path):
    assert printed_by(COMPILES, tmp_path, JAX_DEFAULT_MATMUL_PRECISION="default") == ["default", 3]


@pytest.mark.backend
@pytest.mark.skipif(BACKEND != "torch", reason="of PyTorch")
def test_torch_multiplies_in_full():
    torch = importlib.import_module("torch")
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("cards", [[], ["GPU:0"]])
def test_tensorflow_multiplies_in_full_on_a_card_and_is_left_alone_without(
    cards: list[str], monkeypatch: pytest.MonkeyPatch
):
    told: list[bool] = []
    experimental = SimpleNamespace(enable_tensor_float_32_execution=lambda *, enabled: told.append(enabled))
    config = SimpleNamespace(list_physical_devices=lambda kind: cards * (kind == "GPU"), experimental=experimental)
    monkeypatch.setitem(sys.modules, "tensorflow", SimpleNamespace(config=config))
    multiply_in_full("tensorflow")
    assert told == [False] * len(cards)
