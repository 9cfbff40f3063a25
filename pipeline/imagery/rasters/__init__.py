"""Raster files of any kind: checked, described, and read a window at a time."""
