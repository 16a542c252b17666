"""Explaining answers, and finding out which explanations deserve belief."""
