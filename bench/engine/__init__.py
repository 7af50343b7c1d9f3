"""Speed of the engine beside other engines on the same weights. See `__main__`."""
