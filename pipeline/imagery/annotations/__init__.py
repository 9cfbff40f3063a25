"""Labels of any kind, as polygons in the coordinates of the scene that they lie on."""
