"""Storages in the shape that other systems expect: change a setting, keep the data."""
