"""Parts of ``scripts/bench_polygons.py``."""
