"""One method that marks where a classifier finds its evidence, in each file."""
