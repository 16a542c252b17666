"""name → method that shows where in an image a classifier finds its evidence for a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hubel.arrays import Heat, Image
from hubel.catalogue import Later, find

if TYPE_CHECKING:
    from hubel.explanation.subject import Question, Subject

LOGITS, MAPS, GRADIENTS, MAP_GRADIENTS = "logits", "maps", "gradients", "map gradients"
"""What a method asks of a classifier: the first two need no framework where there is a compiled graph."""


class Explain(Protocol):
    """Computes a heat map."""

    def __call__(self, subject: Subject, image: Image, *, question: Question, seed: int = 0) -> Heat:
        """The heat map of one image: float32 [height, width].

        Args:
            subject: the classifier.
            image: uint8 [height, width, 3] at the working size.
            question: what the score is.
            seed: of what is random in it.
        """
        ...


@dataclass(frozen=True)
class Explanation:
    """One method.

    Args:
        summary: what its heat map marks, in a line.
        compute: the heat map of one image for one class.
        needs: what it asks of the classifier: ``"logits"``, ``"maps"``, ``"gradients"`` or ``"map gradients"``.
        signed: its values are -1 to 1: what speaks against the class is below 0; else they are 0 to 1.
    """

    summary: str
    compute: Explain
    needs: str = LOGITS
    signed: bool = False

    @property
    def needs_framework(self) -> bool:
        """It takes derivatives, which the compiled graph does not give."""
        return self.needs in (GRADIENTS, MAP_GRADIENTS)

    @property
    def needs_maps(self) -> bool:
        """It looks at the maps of a layer, so that a network without any has none of its heat maps."""
        return self.needs in (MAPS, MAP_GRADIENTS)


EXPLANATIONS = {
    "occlusion": Explanation(
        "regions without which the logit of the class is lower",
        Later("hubel.explanation.methods.occlusion", "compute_occlusion"),
    ),
    "rise": Explanation(
        "regions with which the logit is higher, over 1,000 random masks",
        Later("hubel.explanation.methods.rise", "compute_rise"),
    ),
    "superpixel": Explanation(
        "segments of similar pixels that raise or lower the logit, as LIME",
        Later("hubel.explanation.methods.superpixel", "compute_superpixel"),
        signed=True,
    ),
    "score-cam": Explanation(
        "features of the last maps that suffice for the logit",
        Later("hubel.explanation.methods.score_cam", "compute_score_cam"),
        MAPS,
    ),
    "grad-cam": Explanation(
        "features of the last maps that raise the logit",
        Later("hubel.explanation.methods.grad_cam", "compute_grad_cam"),
        MAP_GRADIENTS,
    ),
    "grad-cam-plus-plus": Explanation(
        "the same; of several things of one kind, all",
        Later("hubel.explanation.methods.grad_cam_plus_plus", "compute_grad_cam_plus_plus"),
        MAP_GRADIENTS,
    ),
    "hires-cam": Explanation(
        "places of the last maps that raise the logit, one by one",
        Later("hubel.explanation.methods.hires_cam", "compute_hires_cam"),
        MAP_GRADIENTS,
    ),
    "layer-cam": Explanation(
        "places of the last maps where more would raise the logit",
        Later("hubel.explanation.methods.layer_cam", "compute_layer_cam"),
        MAP_GRADIENTS,
    ),
    "gradient": Explanation(
        "pixels that change the logit, whether up or down",
        Later("hubel.explanation.methods.gradient", "compute_gradient_map"),
        GRADIENTS,
    ),
    "smoothgrad": Explanation(
        "the same, averaged over copies with noise",
        Later("hubel.explanation.methods.smoothgrad", "compute_smoothgrad"),
        GRADIENTS,
    ),
    "gradient-x-input": Explanation(
        "what each pixel adds to the logit of a linear network",
        Later("hubel.explanation.methods.gradient_x_input", "compute_gradient_x_input"),
        GRADIENTS,
        signed=True,
    ),
    "integrated-gradients": Explanation(
        "what each pixel adds to the logit on the way from black",
        Later("hubel.explanation.methods.integrated_gradients", "compute_integrated_gradients"),
        GRADIENTS,
        signed=True,
    ),
}
NEAREST = "nearest"
"""What makes no heat map: training images that are alike, `hubel.workflows.explaining.nearest`."""
NEAREST_SUMMARY = "not a map: the training images that are most alike to the network, with their classes"
USUAL = "occlusion"
"""Until the methods were assessed on a run: it needs no framework, and works for every network."""


def find_explanation(name: str = USUAL) -> Explanation:
    """The method of that name.

    Raises:
        UnknownName: naming those there are.
    """
    return find(EXPLANATIONS, name, kind="explanation")
