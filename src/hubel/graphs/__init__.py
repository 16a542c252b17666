"""A network as plain data, whatever framework it was built with: its operations, its weights, and the file of both."""
