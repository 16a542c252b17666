"""How the weights of an export are written."""

FLOAT32, FLOAT16 = "float32", "float16"
"""As they are, where nothing else is asked for; or in half the bits."""
