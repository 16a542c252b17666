"""Images made for tests and benchmarks: true copies of an image, and different images that share a scene."""
