"""Rules between classes: rows of ``polygons.rules``, applied to the masks of all classes."""
