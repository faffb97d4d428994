"""tapefix: repairs TensorFlow gradients that are `None`, and proves each repair by running it."""

__version__ = "0.1.0"
