"""What runs under Keras: chosen before Keras is imported; with export/, the only place that names frameworks."""
