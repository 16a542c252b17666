"""Integers only: what layers do to sizes, and what they cost. No framework."""
