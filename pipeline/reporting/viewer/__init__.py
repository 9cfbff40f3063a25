"""Scenes with their polygons, to be looked at in a browser."""
