"""What a class should not be told by: what is read of each image, and the probes that look at it."""
