"""A second entry of the cache, written while the rows of another are made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from hubel.errors import UnreadableImage
from hubel.pipeline.cache import DATA, Kind, RowsWriter, new_entry, place_of


class RowsBeside:
    """Rows that become an entry when it is known which contents it is for.

    Args:
        kind: of the rows.
        file: for their bytes, from `temporary_rows`.
    """

    def __init__(self, kind: Kind, file: IO[bytes]) -> None:
        self._kind, self._file = kind, file
        self._writer = RowsWriter(file)

    def begin(self) -> None:
        """Forget the rows so far: those of the other entry are made again."""
        self._file.seek(0)
        self._file.truncate()
        self._writer = RowsWriter(self._file)

    def add(self, place: int, row: np.ndarray | UnreadableImage) -> None:
        """Write the row of a place, or remember why there is none.

        Args:
            place: of the example.
            row: [*shape of one], or a fault.
        """
        self._writer.add(place, row)

    def keep(self, digests: Sequence[str]) -> None:
        """Make an entry of all rows; of none where one is missing, or has a fault that may pass.

        Args:
            digests: SHA-256 of the content of each place that has a row, in the order of the places.

        Raises:
            OutputNotWritable: the cache cannot be written.
        """
        if self._writer.passing or len(self._writer.places) != len(digests):
            return
        path, key = place_of(digests, self._kind)
        with new_entry(path) as temporary:
            self._file.close()
            Path(self._file.name).replace(temporary / DATA)
            self._writer.write_index(temporary, key)
