"""A classifier in the formats of others, with a program of its own; handed over only when it was held against it."""
