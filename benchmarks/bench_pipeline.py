"""How fast are batches made, by pixels and by numbers, and one compiled call against ``model.predict``? Ratios.

python benchmarks/bench_pipeline.py
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from hubel.architectures.build import build_model
from hubel.architectures.catalogue import make_blueprint
from hubel.engines.keras_engine import KerasEngine
from hubel.pipeline.augmentation import Augmentation, _gathered, augment, draw, find_places
from hubel.runs.machine import describe_machine


def milliseconds(work: Callable[[], object], repeats: int = 15) -> float:
    """Median time of a call, after one that warms up."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def main() -> None:
    """Measure both and print the ratios."""
    print(f"{describe_machine()['hardware']} {describe_machine()['versions']}")
    images = np.random.default_rng(0).integers(0, 256, (2000, 96, 96, 3), dtype=np.uint8)
    chosen = np.random.default_rng(1).permutation(2000)[:64]
    draws = draw(Augmentation(zoom=0.4, brightness=0.2), 2000, seed=0, epoch=0)
    made = milliseconds(lambda: augment(images, chosen, draws=draws))
    model = build_model(make_blueprint("residual", (96, 96), classes=10))
    model.compile(jit_compile=False)
    engine = KerasEngine(model)
    forward = milliseconds(lambda: engine.compute_logits(images[:64]))
    print(f"64 images of 96 pixels: augmented in {made:.1f} ms, forward {forward:.1f} ms, ratio {made / forward:.2f}")
    small, every = images[:256, :32, :32].copy(), np.arange(256)
    rows, columns = find_places((32, 32), every, draws=draw(Augmentation(), 256, seed=0, epoch=0))
    by_numbers = milliseconds(lambda: small[every[:, None, None], rows[:, :, None], columns[:, None, :]])
    by_pixels = milliseconds(lambda: _gathered(small, rows=rows, columns=columns))
    print(
        f"256 images of 32 pixels: gathered by numbers in {by_numbers:.1f} ms, by pixels in {by_pixels:.1f} ms, "
        f"ratio {by_numbers / by_pixels:.1f}"
    )
    one = images[:1]
    ours = milliseconds(lambda: engine.compute_logits(one))
    keras_predict = milliseconds(lambda: model.predict(one.astype(np.float32), verbose=0))
    print(f"one image: {ours:.1f} ms, model.predict {keras_predict:.1f} ms, ratio {keras_predict / ours:.1f}")


if __name__ == "__main__":
    main()
