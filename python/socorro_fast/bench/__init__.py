"""Measuring storages side by side, ours and what one might use instead of them."""
