"""Two shares of different images: how far apart are they, and may chance explain it?"""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import fisher_exact

from hubel.evaluation.metrics import wilson_interval


@dataclass(frozen=True)
class Share:
    """So many of so many.

    Args:
        hits: at most ``count``.
        count: 0 where nothing was counted; then nothing but the two numbers is defined.
    """

    hits: int
    count: int

    @property
    def value(self) -> float:
        """0 to 1."""
        return self.hits / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % interval."""
        return wilson_interval(self.hits, self.count)


def difference_interval(first: Share, second: Share) -> tuple[float, float]:
    """95 % interval of the first share minus the second.

    Args:
        first: of some images.
        second: of others.

    Source: Newcombe 1998, Statistics in Medicine 17, 873-890, method 10.
    """
    (low_1, high_1), (low_2, high_2) = first.interval, second.interval
    difference = first.value - second.value
    down = ((first.value - low_1) ** 2 + (high_2 - second.value) ** 2) ** 0.5
    up = ((high_1 - first.value) ** 2 + (second.value - low_2) ** 2) ** 0.5
    return difference - down, difference + up


def chance_of_difference(first: Share, second: Share, *, alternative: str = "two-sided") -> float:
    """How often chance alone gives shares that differ so much, if the two are the same: Fisher's exact test.

    Args:
        first: of some images.
        second: of others.
        alternative: ``"less"`` asks only whether the first is smaller.
    """
    table = [[first.hits, first.count - first.hits], [second.hits, second.count - second.hits]]
    return float(fisher_exact(table, alternative=alternative)[1])
