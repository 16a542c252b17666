"""The run folder: what was asked for, one file per table with its write and its read, its lock, its machine."""
