"""Images → class names, of however many."""
