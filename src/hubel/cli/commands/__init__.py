"""One file per command: words in, one workflow called, its result shown."""
