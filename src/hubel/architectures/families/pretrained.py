"""Backbones that learned on ImageNet, with a head of one's own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

from hubel.architectures.spec import LOGITS, MAX_SIDE, MOMENTUM, Kit, RecipeHints, Spec, check
from hubel.catalogue import find
from hubel.errors import WrongRequest

SMALLEST = 32
"""Pixels of the smallest side that keras.applications takes."""
SIZE = 224
"""Pixels of the images that all of them learned from."""
BACKBONE, FEATURES = "backbone", "features"
"""Layers of the network: what is pretrained, and what enters the last dense layer."""
_HEAD_CHANNELS = 1024
"""About as many features enter the head of a backbone at full width."""


@dataclass(frozen=True)
class Backbone:
    """One network of keras.applications.

    Args:
        summary: one line, for people.
        parameters: of the whole backbone without its top at full width, in millions.
        network: its function in keras.applications.
        file: what Keras calls its ImageNet weights without the top, for images of 224 pixels; ``{alpha}`` is the width,
            ``{digits}`` the same with an underscore.
        taps: layers whose maps are pooled into the features, beside the end. The middle of the network knows textures
            and parts that its end has given up for ImageNet's classes: on `clothing` that is worth 3 points.
        alphas: widths that have ImageNet weights; one where the network comes in one width.
        alpha: the width unless the user says another.
        scale: pixels are multiplied by it, or each of red, green and blue by its own,
        offset: and this is added, as in its own pretraining.
        arguments: that its function needs.
        named_end: False where Keras gives its last layer no name, so that its weights would be called differently in
            every program; the map before that layer is the last then.
    """

    summary: str
    parameters: float
    network: str
    file: str
    taps: tuple[str, ...]
    alphas: tuple[float, ...] = (1.0,)
    alpha: float = 1.0
    scale: float | tuple[float, ...] = 1 / 127.5
    offset: float | tuple[float, ...] = -1.0
    arguments: dict[str, Any] = field(default_factory=dict)
    named_end: bool = True

    def make(self, keras: Any, size: tuple[int, int], *, alpha: float, weights: str | None = None) -> Any:
        """The ``keras.Model`` without its top, for scaled pixels.

        Args:
            keras: the module.
            size: (height, width) in pixels.
            alpha: its width.
            weights: ``"imagenet"`` or the path of a file; None for random ones.
        """
        words = {"alpha": alpha, **self.arguments} if len(self.alphas) > 1 else self.arguments
        network = getattr(keras.applications, self.network)
        return network(input_shape=(*size, 3), include_top=False, weights=weights, **words)

    def tapped(self, keras: Any, whole: Any) -> Any:
        """The same network with the maps of its taps, and its last one, as outputs.

        Args:
            keras: the module.
            whole: of `make`.
        """
        return keras.Model(
            whole.input, [*(whole.get_layer(name).output for name in self.taps), self.end(whole)], name=BACKBONE
        )

    def end(self, whole: Any) -> Any:
        """The last map of a network of `make`."""
        return whole.output if self.named_end else whole.layers[-1].input

    def file_name(self, alpha: float) -> str:
        """What Keras calls the file of its ImageNet weights at a width."""
        return self.file.format(
            alpha=float(alpha), digits="1_0" if alpha == 1 else f"{10 * alpha:.1f}".replace(".", "_")
        )


MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of red, green and blue in ImageNet's images, with pixels from 0 to 1; as in keras.applications."""
SCALE = tuple(1 / (255 * deviation) for deviation in DEVIATION)
OFFSET = tuple(-mean / deviation for mean, deviation in zip(MEAN, DEVIATION, strict=True))
RAW = {"include_preprocessing": False}

PRETRAINED = {
    "mobilenet": Backbone(
        "ImageNet's knowledge; best for a few thousand photographs",
        3.23,
        "MobileNet",
        "mobilenet_{digits}_224_tf_no_top.h5",
        ("conv_pw_9_relu", "conv_pw_11_relu", "conv_pw_12_relu"),
        (0.25, 0.5, 0.75, 1.0),
        0.25,
    ),
    "mobilenet-v2": Backbone(
        "ImageNet's knowledge; inverted residuals",
        2.26,
        "MobileNetV2",
        "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_{alpha}_224_no_top.h5",
        ("block_12_expand_relu", "block_14_expand_relu", "block_16_expand_relu"),
        (0.35, 0.5, 0.75, 1.0, 1.3, 1.4),
        0.5,
    ),
    "mobilenet-v3-small": Backbone(
        "ImageNet's knowledge; about as quick as mobilenet",
        0.94,
        "MobileNetV3Small",
        "weights_mobilenet_v3_small_224_{alpha}_float_no_top_v2.h5",
        ("expanded_conv_7_add", "expanded_conv_9_add", "expanded_conv_10_add"),
        (0.75, 1.0),
        arguments=RAW,
    ),
    "mobilenet-v3-large": Backbone(
        "ImageNet's knowledge; four times as slow as the small one",
        3.00,
        "MobileNetV3Large",
        "weights_mobilenet_v3_large_224_{alpha}_float_no_top_v2.h5",
        ("expanded_conv_11_add", "expanded_conv_13_add", "expanded_conv_14_add"),
        (0.75, 1.0),
        arguments=RAW,
    ),
    "efficientnet-v2-b0": Backbone(
        "ImageNet's knowledge; 6 million weights",
        5.92,
        "EfficientNetV2B0",
        "efficientnetv2-b0_notop.h5",
        ("block5e_add", "block6d_add", "block6h_add"),
        scale=SCALE,
        offset=OFFSET,
        arguments=RAW,
    ),
    "resnet50-v2": Backbone(
        "ImageNet's knowledge; 24 million weights, slow without a graphics card",
        23.56,
        "ResNet50V2",
        "resnet50v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
        ("conv4_block6_preact_relu", "conv5_block2_preact_relu"),
    ),
    "convnext-tiny": Backbone(
        "ImageNet's knowledge; 28 million weights, slow without a graphics card",
        27.82,
        "ConvNeXtTiny",
        "convnext_tiny_notop.h5",
        ("convnext_tiny_downsampling_block_2",),
        scale=SCALE,
        offset=OFFSET,
        arguments=RAW,
        named_end=False,
    ),
}


@dataclass(frozen=True)
class PretrainedSpec(Spec):
    """A backbone of ``keras.applications``, global pooling of several of its layers, and a dense head.

    Args:
        backbone: a name in `PRETRAINED`.
        alpha: width of the backbone, as a share of the full one.
        dropout: share of the pooled features left out in training, 0 to 0.9.
        fixed_statistics: batch normalisation keeps the statistics of its pretraining; False to train from scratch.
    """

    family = "pretrained"
    hints = RecipeHints()

    backbone: str = "mobilenet"
    alpha: float = 0.25
    dropout: float = 0.0
    fixed_statistics: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check("alpha", self.alpha, 0.1, 2.0, whole=False)
        check("dropout", self.dropout, 0, 0.9, whole=False)
        for value in self.image_size:
            check("image_size", value, 32, MAX_SIDE)
        if self.channels != 3:
            raise WrongRequest(
                f"A pretrained backbone sees red, green and blue: channels=3. Received: {self.channels}."
            )

    def widened(self, alpha: float) -> PretrainedSpec | None:
        """The backbone of that width, as a share of the full one; None where it comes in one width."""
        alphas = find(PRETRAINED, self.backbone, kind="backbone").alphas
        return None if len(alphas) == 1 and alpha not in alphas else replace(self, alpha=alpha)

    def count_parameters(self) -> int:
        """Weights, biases and statistics of the network: within a factor of 2, from its size at full width.

        Raises:
            UnknownName: no such backbone.
        """
        return self._backbone_parameters() + int(_HEAD_CHANNELS * min(self.alpha, 1.0) * self.classes)

    def count_work(self) -> tuple[int, int]:
        """Multiply-accumulates of one image, and numbers in the largest map; both about.

        Raises:
            UnknownName: no such backbone.
        """
        # Most weights of a backbone are used at its last size, a 32nd of the image's, and cost a quarter of the whole.
        pixels = prod(self.image_size)
        return self._backbone_parameters() * 4 * pixels // 32**2, 32 * pixels

    def _backbone_parameters(self) -> int:
        return int(find(PRETRAINED, self.backbone, kind="backbone").parameters * 1e6 * self.alpha**2)

    def build(self, kit: Kit) -> Any:
        """Scaled pixels → backbone → features (average of each tapped map) → logits; the weights are random still.

        With fixed statistics the backbone computes the same in training as in prediction: its batch normalisation is
        frozen, and its dropout is off. In fine-tuning its kernels move; statistics, scale and shift of its batch
        normalisation stay those of its pretraining. Without fixed statistics all of them move.

        Raises:
            UnknownName: no such backbone.
        """
        keras, layers = kit.keras, kit.keras.layers
        backbone = find(PRETRAINED, self.backbone, kind="backbone")
        inputs = keras.Input((*self.image_size, 3), name="image")
        x = layers.Rescaling(backbone.scale, offset=backbone.offset, name="scale_pixels")(inputs)
        tapped = backbone.tapped(keras, backbone.make(keras, self.image_size, alpha=self.alpha))
        for layer in tapped.layers:
            if isinstance(layer, layers.BatchNormalization):
                layer.trainable = not self.fixed_statistics
                layer.momentum = layer.momentum if self.fixed_statistics else MOMENTUM
            elif isinstance(layer, layers.Dropout) and self.fixed_statistics:
                layer.rate = 0.0
        maps = tapped(x)  # not training=False: Keras 3 lets the training=True of an outer call override it
        pooled = [layers.GlobalAveragePooling2D(name=f"pool_{place}")(each) for place, each in enumerate(maps, 1)]
        x = layers.Concatenate(name=FEATURES)(pooled)
        if self.dropout:
            x = layers.Dropout(self.dropout, name="dropout")(x)
        return keras.Model(inputs, layers.Dense(self.classes, name=LOGITS)(x), name="pretrained")


def pretrained_spec(backbone: str, image_size: tuple[int, int], classes: int) -> PretrainedSpec:
    """A head on a backbone of its usual width.

    Args:
        backbone: a name in `PRETRAINED`.
        image_size: (height, width) in pixels, at least 32.
        classes: how many logits.
    """
    return PretrainedSpec(image_size, classes, backbone=backbone, alpha=PRETRAINED[backbone].alpha)
