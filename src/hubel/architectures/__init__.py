"""Blueprints of networks; only families/pretrained.py brings weights."""
