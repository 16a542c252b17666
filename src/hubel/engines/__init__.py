"""What runs a network: pixels in, logits and features out. The only room, with backends, where Keras is at home."""
