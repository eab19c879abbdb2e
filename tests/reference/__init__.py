"""A slow, obvious, correct radix storage in plain Python, and comparing ours with it."""
