"""Results → text for people."""
