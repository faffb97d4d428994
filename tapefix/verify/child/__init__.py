"""What runs inside the interpreter of the user: standard library and TensorFlow only, Python 3.9 and later."""
