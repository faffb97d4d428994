"""Scripts of TensorFlow 1 that train a graph in a session, and what they are in TensorFlow 2."""
