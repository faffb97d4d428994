"""What runs inside the user's interpreter: the standard library and TensorFlow only, Python 3.9 and newer.

The package is loaded by its folder under the name `_tapefix_child`, in an interpreter in which tapefix itself need
not be installed; so nothing in here imports `tapefix`.
"""
