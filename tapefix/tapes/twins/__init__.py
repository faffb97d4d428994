"""What NumPy, `math` and SciPy calls mean in TensorFlow."""
