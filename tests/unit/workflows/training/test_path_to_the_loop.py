"""From the command to the training loop it is a short way."""

from __future__ import annotations

import grimp
import pytest

LOOP = "hubel.training.fit"
MOST_FILES = 8


@pytest.mark.parametrize("door", ["hubel.cli.commands.train", "hubel.api.training"])
def test_the_loop_is_reached_through_few_files(door: str):
    graph = grimp.build_graph("hubel")
    path = graph.find_shortest_chain(door, LOOP)
    assert path is not None
    assert len(path) <= MOST_FILES
    fitting = "hubel.workflows.training.fitting"
    assert graph.direct_import_exists(importer="hubel.workflows.training.train", imported=fitting)
    assert graph.direct_import_exists(importer=fitting, imported=LOOP)
