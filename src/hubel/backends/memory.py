"""Does an error of a framework mean that memory ran out?"""

from __future__ import annotations

NAMES = frozenset({"ResourceExhaustedError", "OutOfMemoryError"})
"""TensorFlow's and PyTorch's own; JAX says it in the text of a general error."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the machine, or its graphics card, had no room."""
    if isinstance(error, MemoryError) or NAMES & {each.__name__ for each in type(error).__mro__}:
        return True
    return isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" in str(error)
