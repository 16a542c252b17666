"""Results → text for a person."""
