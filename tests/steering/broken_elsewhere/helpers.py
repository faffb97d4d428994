import numpy as np


def soft(z):
    return np.exp(z)
