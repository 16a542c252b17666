"""How each named architecture chooses its numbers for an image size: plain data, no framework."""
