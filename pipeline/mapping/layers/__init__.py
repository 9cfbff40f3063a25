"""Map layers: the polygons of all scenes of a run as files that map programs open."""
