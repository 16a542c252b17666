"""A run in the format of others."""
