"""Models of token sequences: the network, the n-gram baseline, the bundle and the NumPy runtime."""
