"""The words of Keras 2 and of .h5 files: models described without the modules of their classes.

`keras.models.load_model` knows them too, but takes files only whose names end in .h5, and reads the description itself.
"""

from __future__ import annotations

import warnings
from typing import Any

import h5py

from hubel.backends.framework import keras, legacy_h5_format, saving_options, saving_utils, serialization_lib


def make_legacy_model(config: dict[str, Any]) -> keras.Model:
    """The model of a description whose parts are known to be Keras' own; Keras raises what its parts raise."""
    with warnings.catch_warnings(), saving_options.keras_option_scope(use_legacy_config=True):
        warnings.simplefilter("ignore", UserWarning)  # advice for programmers on how to say it in Keras 3
        with serialization_lib.SafeModeScope(safe_mode=True):
            return saving_utils.model_from_config(config, custom_objects=None)


def load_legacy_weights(file: h5py.File, model: keras.Model) -> None:
    """Fill a model with the weights of a whole model's .h5 file, layer by layer in their order.

    Args:
        file: open for reading.
        model: of `make_legacy_model`; it is changed.
    """
    legacy_h5_format.load_weights_from_hdf5_group(file["model_weights"], model)
