"""Measurements: the original, ours and the floor, side by side."""
