"""Multispectral satellite scenes in, map polygons out: a chain of small, cached stages."""

__version__ = "0.1.0"
