"""The exact polygon score: shared areas, pooled Jaccard indices, objects, intervals."""
