"""From weights to polygons: inference, thresholds, outlines, submission, score."""
