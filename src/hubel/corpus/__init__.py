"""Labelled images on disk: formats, intake, split. No framework."""
