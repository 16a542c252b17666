"""How long does a heat map take, and how long would its forward passes take in a loop of `model.predict`?

    python benchmarks/bench_explain.py RUN IMAGE

Best of 3 of each method after it is loaded, in seconds, and processor time. The loop is what tutorials write: one
masked image at a time through `model.predict`; 30 of them are timed, and counted up to as many as the method needs.
"""

from __future__ import annotations

import os
import sys
import time

import numpy as np

TIMES, LOOPED = 3, 30
METHODS = {"occlusion": 50, "rise": 1000, "superpixel": 400, "score-cam": 129, "grad-cam": 0}
"""Method → masked images that it looks at, at most."""


def main(run: str, image: str) -> None:
    """Print a line for each method."""
    import hubel
    from hubel.explanation.catalogue import EXPLANATIONS
    from hubel.explanation.faithfulness import score_beside
    from hubel.explanation.of_classifier import subject_of
    from hubel.explanation.subject import Question

    classifier = hubel.load(run)
    subject, pixels = subject_of(classifier), classifier.read_pixels(image)
    question = Question(int(classifier.compute_logits(pixels[None])[0].argmax()))
    taken = {
        name: best(lambda name=name: EXPLANATIONS[name].compute(subject, pixels, question=question)) for name in METHODS
    }
    heat = EXPLANATIONS["occlusion"].compute(subject, pixels, question=question)
    taken["insertion and deletion"] = best(lambda: score_beside(subject, pixels, heat=heat, question=question))
    model, one = classifier.model, pixels[None].astype(np.float32)
    model.predict(one, verbose=0)
    begun = time.perf_counter()
    for _ in range(LOOPED):
        model.predict(one, verbose=0)
    loop_s = (time.perf_counter() - begun) / LOOPED
    size = " x ".join(map(str, pixels.shape[:2]))
    print(f"{size} pixels, load {os.getloadavg()[0]:.1f}; model.predict of one image {loop_s:.4f} s")
    for name, (seconds, processor) in taken.items():
        passes = METHODS.get(name, 0)
        loop = f", the loop {passes * loop_s:.1f} s: {passes * loop_s / seconds:.0f} times as long" if passes else ""
        print(f"{name:22} {seconds:.3f} s ({processor:.3f} s of processors){loop}")


def best(call) -> tuple[float, float]:
    """The shortest wall time after a first call, and the processor time of that one."""
    call()
    found = []
    for _ in range(TIMES):
        begun, spent = time.perf_counter(), time.process_time()
        call()
        found.append((time.perf_counter() - begun, time.process_time() - spent))
    return min(found)


if __name__ == "__main__":
    main(*sys.argv[1:3])
