"""Polygons from any kind of file: tables, GeoPackage, GeoJSON; nothing in them is trusted."""
