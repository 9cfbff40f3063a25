"""Polygons in few bytes, for the viewer.

A group holds the polygons of one class:

- ``rings``: base64 of unsigned LEB128 numbers. Each polygon is its number of rings, the outline
  first; each ring is its number of points, without the one that closes it, and then for each point
  the steps right and down from the point before, zigzag-coded. The first point of the
  group starts from (0, 0). A unit is ``1 / step`` pixel of the working grid.
- ``values``: base64 of unsigned LEB128 numbers, two per polygon: its area in tenths of a
  square metre, and its mean probability in steps of 1/254 plus 1; 0 where that is not known.
"""
