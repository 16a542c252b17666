"""A stranger's description of a Keras model: bounded, and made of Keras' own parts only, before Keras sees it.

Keras builds whatever a description names. So its length, depth and names are checked here: each part must be a class or
a function of Keras' own, or a layer of Hubel's, and none of those that run code or read other files.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from types import FunctionType
from typing import Any

from hubel.architectures import layers as own_layers
from hubel.backends.framework import keras
from hubel.errors import UnusableInput
from hubel.text import shortened

MAX_DEPTH = 60
MAX_NODES = 1_000_000

CLASS_MODULES = re.compile(
    r"keras(\.(layers|models|initializers|regularizers|constraints|dtype_policies|quantizers|random"
    r"|src\.(layers|models|initializers|regularizers|constraints|dtype_policies|quantizers|random|ops|applications)"
    r"(\.\w+)*))?"
)
FUNCTION_MODULES = re.compile(r"keras\.(activations|ops|src\.(activations|ops)(\.\w+)*)")
NUMBERS = re.compile(r"bool|(u?int|float|bfloat|complex)\d{1,3}")
KERAS_MARKS = frozenset({"__keras_tensor__", "__tuple__", "__numpy__", "__ellipsis__", "__slice__"})
FUNCTION, OWN_MODULE = "function", "hubel.architectures.layers"
OWN_LAYERS = ("SumPooling2D", "LocallyConnected2D")
LEGACY_CLASSES = {
    "Functional": keras.Model, "Model": keras.Model, "Sequential": keras.Sequential, "Policy": keras.DTypePolicy
}  # fmt: skip
"""Of Keras 2, beside those in `LEGACY_NAMESPACES`."""
LEGACY_NAMESPACES = (
    keras.layers, keras.initializers, keras.regularizers, keras.constraints, keras.dtype_policies, keras.quantizers
)  # fmt: skip
ONLY_FOR_TRAINING = {
    "regularizer": keras.regularizers, "constraint": keras.constraints, "initializer": keras.initializers
}  # fmt: skip
"""The end of a key → where Keras finds its values; the layer does the same without them once its weights are read."""

_RUNS_CODE = "it runs code that the file brings along"
_READS_FILES = "it can read other files on this machine"
_NOT_BY_NAME = "it calls a function of TensorFlow by its name, which Keras 3 does not do"
REFUSED = {
    "Lambda": _RUNS_CODE,
    "__lambda__": _RUNS_CODE,
    "TFSMLayer": _RUNS_CODE,
    "TorchModuleWrapper": _RUNS_CODE,
    "JaxLayer": _RUNS_CODE,
    "FlaxLayer": _RUNS_CODE,
    "StringLookup": _READS_FILES,
    "IntegerLookup": _READS_FILES,
    "IndexLookup": _READS_FILES,
    "TextVectorization": _READS_FILES,
    "TFOpLambda": _NOT_BY_NAME,
    "SlicingOpLambda": _NOT_BY_NAME,
    "TensorFlowOpLayer": _NOT_BY_NAME,
}
_REPLACE = "Replace it by layers of Keras, and save the model again."


@dataclass(frozen=True)
class Description:
    """What a file says of its model, checked.

    Args:
        config: for Keras to build.
        legacy: in the words of Keras 2 and of .h5 files, which name classes without their modules.
        notes: what was left out of it, for the user.
    """

    config: dict[str, Any]
    legacy: bool
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where in a description a value is: under which key, of the layer of which name, how deep."""

    key: str
    layer: str | None
    depth: int

    def below(self, key: str, part: dict[str, Any]) -> _Place:
        return _Place(key, _name_of(part) or self.layer, self.depth + 1)


def checked_description(text: bytes, said: str, *, legacy: bool) -> Description:
    """The description of a model, with everything in it known to be Keras' own.

    Args:
        text: JSON.
        said: what messages call the text.
        legacy: parts may be named without their modules.

    Raises:
        UnusableInput: no JSON, no model, out of bounds, or with parts that are not Keras' own.
    """
    try:
        config = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnusableInput(
            f"{said} is not readable: {shortened(str(error), 200)}. Copy or download the file again."
        ) from error
    if not isinstance(config, dict):
        raise UnusableInput(f"{said} holds no model. Save one with model.save('name.keras').")
    notes: dict[str, None] = {}
    waiting: list[tuple[Any, _Place]] = [(config, _Place("", None, 1))]
    seen = 0
    while waiting:
        value, place = waiting.pop()
        seen += 1
        if place.depth > MAX_DEPTH or seen > MAX_NODES:
            deep = place.depth > MAX_DEPTH
            what = f"nested more than {MAX_DEPTH} deep" if deep else f"of more than {MAX_NODES:,} values"
            raise UnusableInput(f"{said} is {what}; no Keras model needs that.")
        if isinstance(value, dict):
            _check_part(value, place, said=said, legacy=legacy)
            notes |= dict.fromkeys(_drop_what_only_trains(value, place, legacy=legacy))
            waiting += [(inner, place.below(key, value)) for key, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(inner, _Place(place.key, place.layer, place.depth + 1)) for inner in value]
    return Description(config, legacy, tuple(notes))


def _drop_what_only_trains(part: dict[str, Any], place: _Place, *, legacy: bool) -> list[str]:
    """Take out losses, optimisers and metrics, and of regularisers and their like those that are not Keras' own."""
    part.pop("compile_config", None)
    notes = []
    for key, value in part.items():
        namespace = next((found for end, found in ONLY_FOR_TRAINING.items() if key.endswith(end)), None)
        if namespace is None or value is None or _is_known(value, namespace, legacy=legacy):
            continue
        part[key] = None
        layer = _name_of(part) or place.layer or "without a name"
        notes.append(
            f"The {key.replace('_', ' ')} of the layer {layer} is {_called(value)}, code that is not in the file: left "
            "out. It matters in training only."
        )
    return notes


def _is_known(value: Any, namespace: Any, *, legacy: bool) -> bool:
    if isinstance(value, dict):
        return value.get("class_name") != FUNCTION and _is_kerass(value, legacy=legacy)
    try:
        return isinstance(value, str) and namespace.get(value) is not None
    except Exception:  # noqa: BLE001  (Keras raises whatever an unknown name leads to)
        return False


def _called(value: Any) -> str:
    if not isinstance(value, dict):
        return repr(value)[:80]
    name = value.get("config") if value.get("class_name") == FUNCTION else None
    return repr(name or value.get("registered_name") or value.get("class_name"))[:80]


def _check_part(part: dict[str, Any], place: _Place, *, said: str, legacy: bool) -> None:
    kind, registered = part.get("class_name"), part.get("registered_name")
    if kind is None and part.get("module") is None:
        return
    name = _name_of(part) or place.layer
    layer = f"named {name!r}" if name else "without a name"
    for word in (str(kind), str(registered or kind).rsplit(">", 1)[-1]):
        if word in REFUSED:
            function = (part.get("config") or {}).get("function") if REFUSED[word] is _NOT_BY_NAME else None
            calls = f", here {function!r}" if isinstance(function, str) else ""
            raise UnusableInput(f"{said} has a {word} layer ({layer}), and {REFUSED[word]}{calls}. {_cure_of(word)}")
    if _is_kerass(part, legacy=legacy):
        _check_array(part, said)
        return
    if kind == FUNCTION:
        raise UnusableInput(f"{said} {_foreign_function(part, place)}")
    if part.get("module") is None and _is_operation(str(kind)):
        raise UnusableInput(
            f"{said} needs {kind!r} ({layer}), an operation of keras.ops, without its module: .h5 files leave it "
            "out, and Keras 3 does not find it again. Save the model with model.save('name.keras')."
        )
    origin = f" from the module {part['module']!r}" if part.get("module") else " of no module"
    raise UnusableInput(
        f"{said} needs {registered or kind!r} ({layer}){origin}: code that is not Keras' own and not in the file. "
        f"{_cure_of(str(registered or part.get('module') or kind))}"
    )


def _check_array(part: dict[str, Any], said: str) -> None:
    """An array must be one of numbers: a text type would take as many bytes for each value as it says."""
    inner = part.get("config")
    dtype = inner.get("dtype") if part.get("class_name") == "__numpy__" and isinstance(inner, dict) else None
    if dtype is not None and not (isinstance(dtype, str) and NUMBERS.fullmatch(dtype)):
        raise UnusableInput(f"{said} holds an array of the type {str(dtype)[:40]!r}, not of numbers. {_REPLACE}")


def _cure_of(word: str) -> str:
    if word in REFUSED and REFUSED[word] is _NOT_BY_NAME:
        return (
            "In the program that made it, write a layer of Keras instead (layers.Rescaling(1 / 127.5, offset=-1) for "
            "x / 127.5 - 1, layers.Add for x + y), copy the weights with set_weights, and save the model again."
        )
    if word.startswith(("keras_hub", "keras_cv", "keras_nlp")):
        return (
            "It belongs to KerasHub. Where that is installed, save the network without its wrapper: "
            "keras.Model(model.inputs, model.outputs).save('name.keras'), or do the same with model.backbone. "
            "Hubel reads the result if its layers are Keras' own."
        )
    return (
        f"{_REPLACE} If it is a subclass of keras.Model that was made of layers: "
        "keras.Model(model.inputs, model.outputs).save('name.keras')."
    )


def _foreign_function(part: dict[str, Any], place: _Place) -> str:
    name = str(part.get("config"))[:80]
    other = {"swish": "silu", "softmax_v2": "softmax", "relu_layer": "relu", "log_softmax_v2": "log_softmax"}.get(name)
    instead = other or "relu"
    known = f"Keras' own is called {other!r}. " if other else ""
    where = f" as {place.key}" + (f" of the layer {place.layer!r}" if place.layer else "")
    return (
        f"uses the function {name!r}{where}: code that is not Keras' own and not in the file. {known}"
        f"Name one of keras.activations, as {place.key or 'activation'}={instead!r}, copy the weights with "
        "set_weights, and save the model again."
    )


def _is_kerass(part: dict[str, Any], *, legacy: bool) -> bool:
    """The part is one of Keras' own, or a layer of Hubel's."""
    kind, module, registered = part.get("class_name"), part.get("module"), part.get("registered_name")
    if module == OWN_MODULE:
        return kind in OWN_LAYERS and registered == f"hubel>{kind}" and hasattr(own_layers, str(kind))
    custom = isinstance(registered, str) and ">" in registered and not registered.startswith("Keras>")
    if not isinstance(kind, str) or kind in REFUSED or custom:
        return False
    if module is None:
        short = kind.removeprefix("hubel>")
        return kind in KERAS_MARKS or (legacy and (_is_legacy_class(kind) or (kind != short and short in OWN_LAYERS)))
    if not isinstance(module, str):
        return False
    if kind == FUNCTION:
        return _is_function(module, part.get("config"))
    return CLASS_MODULES.fullmatch(module) is not None and _is_class(module, kind)


@cache
def _is_class(module: str, name: str) -> bool:
    """A class that Keras can build from its description: never a function, a helper or a module."""
    found = _found(module, name)
    kinds = (
        keras.layers.Layer, keras.Operation, keras.Initializer, keras.Regularizer, keras.constraints.Constraint,
        keras.DTypePolicy, keras.dtype_policies.DTypePolicyMap, keras.Quantizer,
        keras.quantizers.QuantizationConfig, keras.random.SeedGenerator,
    )  # fmt: skip
    return isinstance(found, type) and issubclass(found, kinds)


def _found(module: str, name: str) -> Any:
    try:
        return getattr(importlib.import_module(module), name, None)
    except Exception:  # noqa: BLE001  (a module of another version of Keras)
        return None


def _is_function(module: str, name: Any) -> bool:
    if not isinstance(name, str) or name in ("get", "serialize", "deserialize"):
        return False
    if module == "builtins":  # Keras looks such names up among its own, and nowhere else
        known = getattr(keras.activations, name, None)
        return isinstance(known, FunctionType) and known.__name__ == name  # an alias, as swish, it does not find
    if FUNCTION_MODULES.fullmatch(module) is None:
        return False
    found = _found(module, name)
    return isinstance(found, FunctionType) and found.__module__.startswith("keras.src.")


@cache
def _is_legacy_class(name: str) -> bool:
    if name in LEGACY_CLASSES:
        return True
    return any(isinstance(getattr(namespace, name, None), type) for namespace in LEGACY_NAMESPACES)


@cache
def _is_operation(name: str) -> bool:
    """An operation of keras.ops, which layers are not."""
    return any(
        kind.__name__ == name and kind.__module__.startswith("keras.src.ops.") for kind in _below(keras.Operation)
    )


def _below(kind: type) -> Iterator[type]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _below(inner)


def _name_of(part: dict[str, Any]) -> str | None:
    inner = part.get("config")
    name = part.get("name") or (inner.get("name") if isinstance(inner, dict) else None)
    return name if isinstance(name, str) else None
