"""The files of a run folder: one module each, with what writes it and what reads it. Loads no framework."""
