"""The command line: words in, one workflow called, its result rendered."""
