"""Drawings: one list of shapes, written as SVG, PNG or GIF; and what draws numbers, whatever they mean."""
