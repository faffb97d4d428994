"""Where values come from in a run: through TensorFlow's operations, and through every expression of the project."""
