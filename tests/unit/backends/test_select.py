"""What is said where Keras has nothing to run on."""

from __future__ import annotations

import sys

import pytest

from hubel.backends import select
from hubel.errors import BackendNotAvailable


@pytest.mark.parametrize(
    ("wanted", "cure"),
    [
        ("jax", ("KERAS_BACKEND is 'jax', but jax is not installed. Unset it, or type in the folder of Hubel's source: "
         "pip install '.[jax]'")),
        (None, "none is installed. In the folder of Hubel's source, type: pip install '.[train]'"),
    ],
)  # fmt: skip
def test_what_to_install_is_what_people_have(wanted: str | None, cure: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setattr(select, "is_installed", lambda _: False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    if wanted is not None:
        monkeypatch.setenv("KERAS_BACKEND", wanted)
    with pytest.raises(BackendNotAvailable) as error:
        select.select_backend()
    assert str(error.value).endswith(cure)
