"""Runs in the browser, from this machine alone: a server on the loopback address, behind a token."""
