"""Silence while images are decoded, without touching the warnings of the user's own code."""

from __future__ import annotations

import threading
import warnings


class _Silence:
    """Hides warnings while any thread decodes: odd metadata does not matter for the pixels.

    The filters of warnings belong to the whole process. With `warnings.catch_warnings` in each thread, the last to
    leave could restore what another had set, and the user's own warnings would stay hidden for good.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._filters = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._filters = warnings.catch_warnings()
                self._filters.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


SILENCE = _Silence()
