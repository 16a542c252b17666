"""Explaining: a classifier and an image → where the evidence lies, how good that map is, and a drawing of it.

And which methods deserve belief on a classifier: an assessment of all of them.
"""
