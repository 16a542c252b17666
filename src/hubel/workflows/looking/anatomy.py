"""Anatomy: a run, an architecture or a Keras file → its layers in numbers. Nothing is trained, no pixel is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hubel.architectures.build import build_model
from hubel.architectures.call_shapes import reason_of, text_of
from hubel.architectures.catalogue import ARCHITECTURES, Architecture, find_architecture, make_blueprint
from hubel.architectures.families.cnn import CnnSpec
from hubel.architectures.file_kinds import find_kind
from hubel.architectures.foreign import read_foreign
from hubel.architectures.geometry import CONVOLUTIONS, receptive_fields
from hubel.architectures.layer_table import LayerRow, Total, as_map, layer_rows, total_of
from hubel.architectures.spec import SUFFIX
from hubel.architectures.walk import Graph, walk
from hubel.arithmetic.convolution import locally_connected_parameters
from hubel.backends.framework import keras
from hubel.backends.shapes_only import without_weights
from hubel.engines.catalogue import load_classifier
from hubel.errors import UnknownName, UnusableInput, WrongRequest
from hubel.errors.wording import Command, Option, Text
from hubel.files import is_file, is_folder, is_there
from hubel.text import brief, counted, elided
from hubel.workflows.looking.anatomy_warnings import IMAGE_AXES, MeasuredNetwork, NetworkDoubt, find_doubts

CLASSES = 10
CHANNELS = 3
MOST_PIXELS = 16_384
KERAS_FILES = (".keras", ".h5", ".hdf5")


@dataclass(frozen=True)
class AnatomyRequest:
    """What to look at.

    Args:
        target: a run folder, the name of an architecture, a Keras model, as a file or folder, or a ``.toml`` file with
            an own spec.
        image: (height, width, channels), or (height, width) of 3 channels; the target's own by default.
        classes: how many logits; for architectures only. 10 by default.
        units: of the first hidden layer; for ``dense`` only.
    """

    target: str
    image: tuple[int, ...] | None = None
    classes: int | None = None
    units: int | None = None


@dataclass(frozen=True)
class Sharing:
    """What the first convolution costs with shared weights, with weights of its own at each place, and dense."""

    name: str
    kernel: tuple[int, int]
    connections: int
    parameters: int
    local_parameters: int
    dense_connections: int
    dense_parameters: int


@brief
@dataclass(frozen=True)
class Anatomy:
    """A model in numbers.

    Args:
        title: what it is, for people.
        shape: of what it takes, without the batch: [height, width, channels] of an image.
        rows: one for each layer.
        sharing: of the first convolution; None without any.
        doubts: what can be said against it before training.
    """

    title: str
    shape: tuple[int, ...]
    rows: tuple[LayerRow, ...]
    sharing: Sharing | None
    doubts: tuple[NetworkDoubt, ...]

    @property
    def image(self) -> tuple[int, ...]:
        """Its input as `as_map` writes it: (height, width, channels) of an image."""
        return as_map(self.shape)

    @property
    def takes(self) -> str:
        """What it takes, in a word."""
        return "image" if len(self.shape) == IMAGE_AXES else "input"

    @property
    def total(self) -> Total:
        """Sums over all layers."""
        return total_of(self.rows)

    def to_json(self, say: Callable[[Text | str], str] = str) -> dict[str, Any]:
        """The document of ``hubel anatomy --json``; its names are a contract.

        Args:
            say: puts the text of a warning into words.
        """
        return {
            "input": list(self.image),
            "layers": [
                {"number": place} | {key: _plain(getattr(row, key)) for key in LAYER_KEYS}
                for place, row in enumerate(self.rows, start=1)
            ],
            "total": asdict(self.total),
            "warnings": [{"name": doubt.name, "text": say(doubt.text)} for doubt in self.doubts],
        }

    def _brief(self) -> Iterator[str]:
        size = " x ".join(map(str, self.shape))
        yield f"Anatomy of {elided(self.title)} at {size}: {counted(len(self.rows), 'layer')}"
        yield f"{self.total.parameters:,} parameters, {self.total.macs:,} MACs for one image"
        yield from (f"{doubt.name}: {doubt.text}" for doubt in self.doubts[:3])


LAYER_KEYS = (
    "name", "kind", "output", "kernel", "stride", "padding", "parameters", "macs", "activation_bytes",
    "receptive_field", "receptive_field_stride", "receptive_field_without_gates", "dense_parameters",
)  # fmt: skip


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def examine(request: AnatomyRequest) -> Anatomy:
    """Build what is asked for, without weights where it can be, and measure it.

    Raises:
        UnknownName: no architecture of that name, and no such file or folder.
        WrongRequest: a value that the target cannot have.
        UnusableInput: a file or run that cannot be used.
    """
    title, model, notes = _model_of(request)
    graph = walk(model, image_shape=request.image)
    rows = layer_rows(graph)
    doubts = [NetworkDoubt("left-out", note) for note in notes]
    doubts += find_doubts(MeasuredNetwork(graph, receptive_fields(graph), rows))
    shape = tuple(int(size or 0) for size in graph.image_shape)
    return Anatomy(title, shape, tuple(rows), _sharing(graph, rows), tuple(doubts))


def _model_of(request: AnatomyRequest) -> tuple[str, keras.Model, tuple[str, ...]]:
    """Its title, the model, and what was left out of it."""
    path = Path(request.target)
    if _is_foreign(request.target, path):
        _refuse(request, "classes", "units", what="A model file")
        found = read_foreign(path)
        return path.name, _built_for(found.model, request.image, path=path), found.notes
    if is_folder(path) and request.target not in ARCHITECTURES:  # ./dense is the folder, dense the architecture
        _refuse(request, "image", "classes", "units", what="A run")
        classifier = load_classifier(path)
        return f"{path.name} ({classifier.blueprint.name})", classifier.model, ()
    try:
        architecture = find_architecture(request.target)
    except UnknownName as error:
        raise UnknownName(
            error.text, " There is not a run folder, model file or .toml file of that name either."
        ) from error
    return architecture.name, _built(architecture, request), ()


def _is_foreign(target: str, path: Path) -> bool:
    """A model that Hubel did not make; or what is named like one, to be told what is wrong with it."""
    if target in ARCHITECTURES or path.suffix.lower() == SUFFIX:  # ./dense is the file, dense the architecture
        return False
    named = path.suffix.lower() in KERAS_FILES
    if is_folder(path):
        return find_kind(path) is not None or (named and not is_there(path / "classifier"))
    return named or is_file(path)


def _refuse(request: AnatomyRequest, *fields: str, what: str) -> None:
    for field in fields:
        if getattr(request, field) is not None:
            option = "input" if field == "image" else field
            raise WrongRequest(f"{what} has its own value for ", Option(option), ". Leave it out.")


def _built(architecture: Architecture, request: AnatomyRequest) -> keras.Model:
    image = request.image or (architecture.image_size, architecture.image_size)
    _check_image(image)
    classes = CLASSES if request.classes is None else request.classes
    blueprint = make_blueprint(architecture, (image[0], image[1]), classes=classes)
    spec = replace(blueprint.spec, channels=image[2] if len(image) == 3 else CHANNELS)
    if request.units is not None:
        if architecture.name != "dense" or not isinstance(spec, CnnSpec):
            raise WrongRequest(
                Option("units"),
                f" is the size of the first hidden layer of dense; {architecture.name} has none to set. Use ",
                Command("anatomy", ("dense",), (Option("units", "N"),)),
                ".",
            )
        spec = replace(spec, dense_units=(request.units, *spec.dense_units[1:]))
    with without_weights():
        return build_model(replace(blueprint, spec=spec))


def _check_image(image: tuple[int, ...]) -> None:
    if len(image) not in (2, 3) or not all(1 <= size <= MOST_PIXELS for size in image):
        text = "x".join(map(str, image))
        raise WrongRequest(
            Option("input"),
            f" must be HEIGHTxWIDTH or HEIGHTxWIDTHxCHANNELS, each from 1 to {MOST_PIXELS:,}. Received: {text}.",
        )


def _built_for(model: keras.Model, image: tuple[int, ...] | None, *, path: Path) -> keras.Model:
    """The model of a file; a Sequential model that was saved unbuilt is built for that image."""
    if image is None:
        return model
    _check_image(image)
    if not isinstance(model, keras.Sequential) or model.built or not model.layers:
        return model
    shape = (*image[:2], *(image[2:] or (CHANNELS,)))
    try:
        with without_weights():
            model.build((None, *shape))
    except Exception as error:  # Keras raises whatever its layers raise
        text = f"{path} cannot take images of {text_of(shape)}: {reason_of(error)}. Give another "
        raise UnusableInput(text, Option("input"), ".") from error
    return model


def _sharing(graph: Graph, rows: list[LayerRow]) -> Sharing | None:
    for call, row in zip(graph.calls, rows, strict=True):
        if call.kind != CONVOLUTIONS[0] or row.kernel is None or row.connections is None or row.reused:
            continue
        height, width, channels = as_map(call.input_shapes[0])
        bias, inside = bool(call.layer.use_bias), channels // call.layer.groups
        inputs, outputs = height * width * channels, row.output[0] * row.output[1] * row.output[2]
        places = row.output[0], row.output[1]
        local = locally_connected_parameters(row.kernel, inside, filters=row.output[2], output_size=places, bias=bias)
        dense = inputs * outputs
        return Sharing(
            row.name, row.kernel, row.connections, row.parameters, local, dense, row.dense_parameters or dense
        )
    return None
