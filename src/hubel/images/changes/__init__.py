"""Changes of an image that should not change its class, at rising strengths; Pillow and NumPy, and always the same."""
