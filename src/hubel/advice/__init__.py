"""Evidence of a finished run → remarks in plain words, with what to do next."""
