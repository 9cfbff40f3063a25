"""Outlines as they are handed in: fewer vertices, right angles, round edges, digits."""
